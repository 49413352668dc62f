import SentenceEncoder
import Synchronization

@testable import Embedders

/// A provider's dialect that answers as a script says, and notes what it was asked.
final class ScriptedService: EmbeddingService {
    typealias Script = @Sendable (_ texts: [String], _ number: Int) async throws -> ServiceAnswer

    private let script: Script
    private let noted = Mutex((requests: [[String]](), now: 0, most: 0, roles: [TextRole]()))

    init(_ script: @escaping Script = { texts, _ in ScriptedService.answer(texts) }) {
        self.script = script
    }

    /// The vector of a text: its bytes, and its length.
    static func vector(_ text: String) -> [Float] {
        [Float(text.utf8.reduce(0) { $0 &* 31 &+ Int($1) } % 9973), Float(text.utf8.count)]
    }

    static func answer(_ texts: [String]) -> ServiceAnswer {
        ServiceAnswer(vectors: texts.map(vector), tokens: texts.reduce(0) { $0 + $1.utf8.count })
    }

    /// The texts of each request, in the order in which they came.
    var requests: [[String]] { noted.withLock { $0.requests } }
    /// How often each text was sent.
    var sent: [String: Int] { requests.joined().reduce(into: [:]) { $0[$1, default: 0] += 1 } }
    /// Requests that were on their way at once, at most.
    var mostAtOnce: Int { noted.withLock { $0.most } }
    var roles: [TextRole] { noted.withLock { $0.roles } }

    func embed(_ texts: [String], for role: TextRole) async throws -> ServiceAnswer {
        let number = noted.withLock { noted in
            noted.requests.append(texts)
            noted.roles.append(role)
            noted.now += 1
            noted.most = max(noted.most, noted.now)
            return noted.requests.count
        }
        defer { noted.withLock { $0.now -= 1 } }
        return try await script(texts, number)
    }
}

/// Opens once, for all that wait and all that come later.
final class Door: Sendable {
    private let state = Mutex((isOpen: false, waiting: [CheckedContinuation<Void, Never>]()))

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// How often each text was paid for.
final class PaidTexts: Sendable {
    private let counts = Mutex([String: Int]())

    func pay(_ texts: [String]) {
        counts.withLock { counts in for text in texts { counts[text, default: 0] += 1 } }
    }

    var most: Int { counts.withLock { $0.values.max() ?? 0 } }
}
