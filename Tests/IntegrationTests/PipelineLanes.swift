import Testing

/// Lets only so many test cases run at once: each has a daemon, whose deadlines mean something only while the machine
/// has time for it, and whose sessions are some of the server's 200.
struct Lanes: SuiteTrait, TestTrait, TestScoping {
    private actor Attendant {
        private var free: Int
        private var waiting: [CheckedContinuation<Void, Never>] = []

        init(_ lanes: Int) { free = lanes }

        func enter() async {
            if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
        }

        func leave() {
            if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
        }
    }

    private static let eight = Attendant(8)
    private static let two = Attendant(2)
    private let attendant: Attendant

    fileprivate init(isWide: Bool) { attendant = isWide ? Self.eight : Self.two }

    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        await attendant.enter()
        do {
            try await function()
        } catch {
            await attendant.leave()
            throw error
        }
        await attendant.leave()
    }
}

extension Trait where Self == Lanes {
    /// Runs beside a few others only.
    static var inLanes: Lanes { Lanes(isWide: true) }
    /// Runs beside one other only: it is a whole system of processes.
    static var inTwoLanes: Lanes { Lanes(isWide: false) }
}
