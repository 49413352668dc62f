import Embedders
import Synchronization
import TestSupport
import Testing

@testable import Backfill

/// Refuses calls with certain texts, and fails at certain calls, as it is told.
private final class ScriptedEmbedder: Embedder {
    let identity = EmbedderIdentity(embedder: "scripted", model: "m", dimension: 1)
    let limits = EmbedderLimits(rows: 1_000, bytes: 1 << 20)
    let poison: Set<String>
    let errors: [Int: any Error]
    let isWhole: Bool
    private let log = Mutex((calls: [[String]](), embedded: [String]()))

    /// - Parameters:
    ///   - poison: Texts that a call is refused for.
    ///   - errors: What calls fail of, by their number.
    ///   - refusesAll: Whether it refuses whatever it is given.
    init(poison: Set<String> = [], errors: [Int: any Error] = [:], refusesAll: Bool = false) {
        (self.poison, self.errors, isWhole) = (poison, errors, refusesAll)
    }

    var calls: [[String]] { log.withLock(\.calls) }
    /// Texts of the calls that it answered.
    var embedded: [String] { log.withLock(\.embedded) }

    func embed(_ texts: [String]) async throws -> Embeddings {
        let number = log.withLock { log in
            log.calls.append(texts)
            return log.calls.count
        }
        if let error = errors[number] { throw error }
        if isWhole || texts.contains(where: poison.contains) { throw EmbedderError.refused("no") }
        log.withLock { $0.embedded += texts }
        return Embeddings(texts.map { [$0 == "nan" ? .nan : Float($0) ?? -1] }, long: texts.count)
    }
}

@Suite struct EmbeddingTrialTests {
    /// The vectors that there are, failures as nil.
    private func vectors(_ texts: EmbeddedTexts) -> [Float?] { texts.vectors.map { (try? $0?.get())?[0] } }

    @Test("Exactly the refused texts fail, in their places, and the others are embedded once, in few calls")
    func poison() async throws {
        var random = SeededRandom(seed: 11)
        for round in 0..<400 {
            let count = 1 + random.below(250)
            let most = [1, 3, 20, count][round % 4]
            let texts = (0..<count).map(String.init)
            let poison = Set((0..<random.below(most + 1)).map { _ in String(random.below(count)) })
            let embedder = ScriptedEmbedder(poison: poison)
            let answer = try await embedder.trial(of: texts)
            #expect(answer.error == nil)
            #expect(vectors(answer) == texts.map { poison.contains($0) ? nil : Float($0) })
            #expect(answer.long == count - poison.count)
            let harmless = Set(embedder.calls.flatMap(\.self)).subtracting(texts)
            let own = embedder.embedded.filter { !harmless.contains($0) }
            #expect(own.sorted() == texts.filter { !poison.contains($0) }.sorted(), "nothing is paid for twice")
            let depth = count.bitWidth - (count - 1).leadingZeroBitCount
            let bound = poison.isEmpty ? 1 : 2 + min(2 * poison.count * depth, 2 * count)
            #expect(embedder.calls.count <= bound, "\(embedder.calls.count) of \(bound)")
        }
    }

    @Test("One refused text of 250 takes eighteen calls at most")
    func one() async throws {
        let texts = (0..<250).map(String.init)
        for text in texts {
            let embedder = ScriptedEmbedder(poison: [text])
            _ = try await embedder.trial(of: texts)
            #expect(embedder.calls.count <= 18)
        }
    }

    @Test("Who refuses whatever it is given is not available, whatever the number of texts", arguments: [1, 2, 50])
    func refusesAll(count: Int) async throws {
        let embedder = ScriptedEmbedder(refusesAll: true)
        await #expect {
            try await embedder.trial(of: (0..<count).map(String.init))
        } throws: {
            if case .unavailable = $0 as? EmbedderError { true } else { false }
        }
        #expect(embedder.calls.count == 2)
    }

    @Test("What is nobody's own ends it at the first call, and is not told as a text's failure")
    func nobodysOwn() async throws {
        for error in [EmbedderError.unavailable("away"), .limited(retryAfter: .seconds(3)), .limited(retryAfter: nil)] {
            let embedder = ScriptedEmbedder(errors: [1: error])
            await #expect(throws: error) { try await embedder.trial(of: ["1", "2"]) }
            #expect(embedder.calls.count == 1)
            // The harmless text meets it too.
            let second = ScriptedEmbedder(poison: ["1"], errors: [2: error])
            await #expect(throws: error) { try await second.trial(of: ["1", "2"]) }
        }
    }

    @Test("What breaks a search off keeps what was found until then", arguments: 3...18)
    func brokenOff(call: Int) async throws {
        let texts = (0..<200).map(String.init)
        let embedder = ScriptedEmbedder(poison: ["117"], errors: [call: EmbedderError.limited(retryAfter: nil)])
        let answer = try await embedder.trial(of: texts)
        guard embedder.calls.count >= call else { return }
        #expect(answer.error as? EmbedderError == .limited(retryAfter: nil))
        let known = answer.vectors.prefix { $0 != nil }.count
        #expect(known < texts.count && answer.vectors[known...].allSatisfy { $0 == nil })
        #expect(vectors(answer)[..<known] == texts[..<known].map { $0 == "117" ? nil : Float($0) }[...])
        // Everything that was paid for is in it.
        let own = embedder.embedded.filter(Set(texts).contains)
        #expect(own == texts.prefix(known).filter { $0 != "117" })
        #expect(embedder.calls.count == call)
    }

    @Test("A vector that is none is its text's failure, unless the harmless text gets none either")
    func notFinite() async throws {
        let embedder = ScriptedEmbedder()
        #expect(vectors(try await embedder.trial(of: ["1", "nan", "3"])) == [1, nil, 3])
        #expect(embedder.calls.count == 1)
        #expect(vectors(try await embedder.trial(of: ["nan", "nan"])) == [nil, nil])
        #expect(embedder.calls.count == 3)
        #expect(try await embedder.trial(of: []).vectors.isEmpty)
    }
}
