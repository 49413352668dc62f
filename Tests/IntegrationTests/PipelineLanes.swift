import Testing

/// Lets only so many test cases run at once: each has a daemon, whose deadlines mean something only while the machine
/// has time for it, and whose sessions are some of the server's 200.
struct Lanes: SuiteTrait, TestTrait, TestScoping {
    private actor Attendant {
        private var free = 8
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func enter() async {
            if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
        }

        func leave() {
            if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
        }
    }

    private static let attendant = Attendant()

    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        await Self.attendant.enter()
        do {
            try await function()
        } catch {
            await Self.attendant.leave()
            throw error
        }
        await Self.attendant.leave()
    }
}

extension Trait where Self == Lanes {
    /// Runs beside a few others only.
    static var inLanes: Lanes { Lanes() }
}
