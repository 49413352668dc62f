import TestSupport
import Testing

@testable import SentenceEncoder

@Suite("The sequences of a text")
struct SequencerTests {
    /// [CLS] and [SEP] around as many words as are given, one piece each.
    private func sequencer(limit: Int, _ longTexts: LongTexts = .truncate) throws -> Sequencer {
        var source = TokenizerSource()
        source.tokens += ["a", "b", "query"]
        return Sequencer(tokenizer: try source.tokenizer(), limit: limit, longTexts: longTexts)
    }

    private func words(_ count: Int) -> String { Array(repeating: "a", count: count).joined(separator: " ") }

    @Test("at the limit nothing is cut, over it the end is")
    func cut() throws {
        let sequencer = try sequencer(limit: 6)
        #expect(sequencer.sequences(of: "", prompt: "").windows == [[2, 3]])
        #expect(sequencer.sequences(of: words(4), prompt: "").windows == [[2, 5, 5, 5, 5, 3]])
        #expect(!sequencer.sequences(of: words(4), prompt: "").isLong)
        let long = sequencer.sequences(of: words(5), prompt: "")
        #expect(long.isLong && long.windows == [[2, 5, 5, 5, 5, 3]])
    }

    @Test("windows hold every piece once, each with the prompt before it")
    func windows() throws {
        let sequencer = try sequencer(limit: 6, .mean)
        let text = sequencer.sequences(of: words(8), prompt: "query ")
        #expect(text.windows == [[2, 7, 5, 5, 5, 3], [2, 7, 5, 5, 5, 3], [2, 7, 5, 5, 3]])
        #expect(text.pieces == [3, 3, 2] && text.isLong)
    }

    @Test("a prompt that leaves little room stands before the first window only")
    func longPrompt() throws {
        let sequencer = try sequencer(limit: 6, .mean)
        let text = sequencer.sequences(of: words(100), prompt: "query query query query query ")
        #expect(text.windows.count == 27)
        #expect(text.windows.last?.contains(5) == true)
        // What is left out of pooling is less than a sequence, so that something is left of it.
        #expect(sequencer.length(ofPrompt: "query query query query query ") < 6)
    }

    @Test("no window is over the limit, whatever text and prompt", arguments: [3, 4, 7, 16])
    func limits(limit: Int) throws {
        var random = SeededRandom(seed: UInt64(limit))
        let sequencer = try sequencer(limit: limit, .mean)
        for _ in 0..<500 {
            let count = random.below(60)
            let text = sequencer.sequences(
                of: words(count), prompt: String(repeating: "query ", count: random.below(20)))
            #expect(text.windows.allSatisfy { 2...limit ~= $0.count })
            #expect(text.windows.count == text.pieces.count && text.windows.count <= 2 * (count + 20))
        }
    }
}

@Suite("Weights as bytes")
struct InputScalingTests {
    @Test("rows of zeros, of next to nothing, and ordinary ones")
    func rows() {
        var weights: [Float] = [0, 0, 1e-38, -1e-38, 0.5, -1]
        var bytes = [Int8](repeating: 5, count: 6)
        let (scales, bias) = InputScaling.none(2).quantize(&weights, [1, 2, 3], to: &bytes)
        #expect(bytes == [0, 0, 0, 0, 64, -127] && scales[0] == 0 && scales[1] == 0)
        #expect(bias == [1, 2, 3])
    }

    @Test("an offset is taken off in the bias")
    func offset() {
        var weights: [Float] = [1, -1]
        var bytes = [Int8](repeating: 0, count: 2)
        let scaling = InputScaling(factors: [1, 1], offsets: [2, 3])
        let (scales, bias) = scaling.quantize(&weights, [10], to: &bytes)
        #expect(bytes == [127, -127])
        #expect(abs(bias[0] - (10 - 2 + 3)) < 1e-5 && abs(scales[0] * 127 - 1) < 1e-6)
    }

    @Test("the product stays what it is")
    func product() {
        let original: [Float] = [0.5, -2, 0.25, 1]
        let scaling = original.withUnsafeBufferPointer {
            InputScaling(largest: [8, 0.5], weights: $0.baseAddress!, outputs: 2, strength: 0.75, least: nil)
        }
        var weights = original
        var bytes = [Int8](repeating: 0, count: 4)
        let (scales, _) = scaling.quantize(&weights, [0, 0], to: &bytes)
        let input: [Float] = [6, -0.25]
        for output in 0..<2 {
            let exact = input[0] * original[output * 2] + input[1] * original[output * 2 + 1]
            let rounded = (0..<2).reduce(Float(0)) {
                $0 + input[$1] * scaling.factors[$1] * Float(bytes[output * 2 + $1]) * scales[output]
            }
            #expect(abs(exact - rounded) < 0.02 * abs(exact))
        }
    }
}
