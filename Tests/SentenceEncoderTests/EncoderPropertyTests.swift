import Testing

@testable import SentenceEncoder

@Suite("What holds of every text's vector")
struct EncoderPropertyTests {
    /// The largest difference of a component that company in a batch may make. Products of other numbers of rows may
    /// be summed in another order; measured: none at all on x86-64 with AVX-512.
    private static func tolerance(_ precision: Precision) -> Float {
        switch precision {
        case .fp32: 1e-6
        case .bf16, .int8: 4e-3
        }
    }

    @Test("the same whatever else is in the batch", arguments: Precision.allCases.filter(\.isAvailable))
    func company(precision: Precision) async throws {
        let encoder = try SentenceEncoder(ReferenceVectors.folder(of: "minilm"), .init(precision: precision, lanes: 2))
        let texts = SomeTexts.random(60, words: 1...90, seed: 7) + [""]
        let together = try await encoder.encode(texts, prompt: "").vectors
        let reversed = try await encoder.encode(texts.reversed(), prompt: "").vectors.reversed()
        #expect(Closeness(Array(reversed), to: together).largestDifference <= Self.tolerance(precision))
        for index in stride(from: 0, to: texts.count, by: 6) {
            let alone = try await encoder.encode([texts[index]], prompt: "").vectors
            #expect(Closeness(alone, to: [together[index]]).largestDifference <= Self.tolerance(precision))
        }
    }

    @Test("the same with any number of lanes")
    func lanes() async throws {
        let texts = SomeTexts.random(40, words: 1...60, seed: 8)
        let folder = try ReferenceVectors.folder(of: "mean-normalized")
        let one = try await SentenceEncoder(folder, .init(precision: .fp32, lanes: 1)).encode(texts, prompt: "")
        let five = try await SentenceEncoder(folder, .init(precision: .fp32, lanes: 5)).encode(texts, prompt: "")
        #expect(Closeness(five.vectors, to: one.vectors).largestDifference <= 1e-6)
    }

    @Test("of length one and finite")
    func length() async throws {
        let encoder = try SentenceEncoder(ReferenceVectors.folder(of: "minilm"), .init(lanes: 2))
        let hostile = [
            "\0", String(repeating: "\u{200b}", count: 300), "\u{feff}", "\u{e000}\u{fffff}", "a\u{301}\u{301}",
        ]
        for vector in try await encoder.encode(hostile, prompt: "").vectors {
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(abs(length - 1) < 1e-5)
        }
    }

    @Test("a long text under mean is the mean of its windows; a short one is as ever")
    func windows() async throws {
        let folder = try ReferenceVectors.folder(of: "minilm")
        let cut = try SentenceEncoder(folder, .init(precision: .fp32, lanes: 2))
        let mean = try SentenceEncoder(folder, .init(precision: .fp32, lanes: 2, longTexts: .mean))
        let text = SomeTexts.random(1, words: 700...700, seed: 9)[0]
        let windows = mean.sequencer.sequences(of: text, prompt: "").windows
        #expect(windows.count > 2 && windows.dropLast().allSatisfy { $0.count == 256 })
        #expect(windows[0] == cut.sequencer.sequences(of: text, prompt: "").windows[0])
        let whole = try await mean.encode([text, "short"], prompt: "")
        let beginning = try await cut.encode([text, "short"], prompt: "")
        #expect(whole.long == 1 && beginning.long == 1)
        #expect(Closeness([whole.vectors[1]], to: [beginning.vectors[1]]).largestDifference <= 1e-6)
        let cosine = Closeness.cosine(whole.vectors[0], beginning.vectors[0])
        #expect(cosine < 0.9999 && cosine > 0.5)
        #expect(whole.tokens > beginning.tokens)
    }

    @Test("the mean of a model that does not normalise is as long as its other vectors")
    func unnormalizedMean() async throws {
        let folder = try ReferenceVectors.folder(of: "prompt-not-pooled")
        #expect(!folder.normalizes)
        let encoder = try SentenceEncoder(folder, .init(precision: .fp32, lanes: 2, longTexts: .mean))
        let text = String(repeating: "reverb and delay in the room ", count: 60)
        let sequences = encoder.sequencer.sequences(of: text, prompt: "")
        #expect(sequences.windows.count > 2)
        let vector = try await encoder.encode([text], prompt: "").vectors[0]
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let short = try await encoder.encode(["reverb and delay in the room"], prompt: "").vectors[0]
        let shortLength = short.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(length > 0.5 * shortLength && length < 2 * shortLength && abs(length - 1) > 0.1)
    }

    @Test("a prompt that fills the sequence leaves its end to pool")
    func promptFillsSequence() async throws {
        let folder = try ReferenceVectors.folder(of: "prompt-not-pooled")
        let encoder = try SentenceEncoder(folder, .init(precision: .fp32, lanes: 1))
        let vector = try await encoder.encode(["mix"], prompt: String(repeating: "query ", count: 200)).vectors[0]
        #expect(vector.contains { $0 != 0 })
    }

    @Test("a task that is cancelled does not wait for its texts")
    func cancelled() async throws {
        let encoder = try SentenceEncoder(ReferenceVectors.folder(of: "minilm"), .init(lanes: 1))
        let texts = SomeTexts.random(2000, words: 150...200, seed: 10)
        let task = Task { try await encoder.encode(texts, prompt: "") }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await encoder.encode(["still there"], prompt: "").vectors.count == 1)
    }

    @Test("calls at the same time do not disturb each other")
    func concurrently() async throws {
        let encoder = try SentenceEncoder(ReferenceVectors.folder(of: "mean-normalized"), .init(lanes: 3))
        let texts = SomeTexts.random(12, words: 1...40, seed: 11)
        let expected = try await encoder.encode(texts, prompt: "").vectors
        try await withThrowingTaskGroup(of: [[Float]].self) { group in
            for _ in 0..<16 { group.addTask { try await encoder.encode(texts, prompt: "").vectors } }
            for try await vectors in group {
                #expect(Closeness(vectors, to: expected).largestDifference <= 4e-3)
            }
        }
    }
}
