import CEncoderKernels
import Glibc
import TestSupport
import Testing

@testable import SentenceEncoder

/// Each set of kernels that this processor can run, by the width of its vectors.
private let widths: [Int64] = [16, 32, 64]

@Suite("Kernels against arithmetic in double precision", .serialized)
struct KernelTests {
    private func kernels(_ width: Int64) -> ek_kernels { ek_kernels_for_this_processor(width).pointee }

    private func randoms(_ count: Int, seed: UInt64, scale: Float = 1) -> [Float] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in scale * (Float(random.below(20_001)) - 10_000) / 5_000 }
    }

    @Test("attention", arguments: widths, [(1, 12, 32), (7, 2, 8), (37, 3, 16), (130, 1, 64), (65, 2, 48), (19, 2, 5)])
    func attention(width: Int64, sizes: (length: Int, heads: Int, size: Int)) throws {
        let (length, heads, size) = sizes
        let hidden = heads * size
        let input = randoms(length * 3 * hidden, seed: 1)
        let expected = softmaxAttention(input, length, heads, size)
        let kernels = kernels(width)
        let scratch = AlignedMemory(bytes: Int(kernels.attention_scratch(Int64(length), Int64(size))))
        // What lies behind the result is not the kernel's.
        var output = [Float](repeating: 7, count: length * hidden + 16)
        kernels.attention_f32(input, Int64(length), Int64(heads), Int64(size), &output, scratch.base)
        #expect(output.suffix(16).allSatisfy { $0 == 7 })
        #expect(largestDifference(Array(output.dropLast(16)), expected) < 2e-5)

        guard let narrow = kernels.attention_bf16, size % 2 == 0 else { return }
        var operands = [ek_bf16](repeating: 0, count: input.count)
        kernels.narrow(&operands, input, Int64(input.count))
        var result = [ek_bf16](repeating: 7, count: length * hidden + 16)
        narrow(operands, Int64(length), Int64(heads), Int64(size), &result, scratch.base)
        #expect(result.suffix(16).allSatisfy { $0 == 7 })
        var widened = [Float](repeating: 0, count: length * hidden)
        kernels.widen(&widened, result, Int64(length * hidden))
        #expect(largestDifference(widened, expected) < 0.05)
    }

    @Test("LayerNorm", arguments: widths, [1, 5, 16, 48, 312, 384])
    func layerNorm(width: Int64, columns: Int) {
        let rows = 3
        let input = randoms(rows * columns, seed: 2, scale: 3)
        let (weight, bias) = (randoms(columns, seed: 3), randoms(columns, seed: 4))
        var output = input
        var copy = [ek_bf16](repeating: 0, count: rows * columns)
        kernels(width).layer_norm(&output, Int64(rows), Int64(columns), weight, bias, 1e-5, &copy)
        var expected: [Double] = []
        for row in 0..<rows {
            let values = input[row * columns..<(row + 1) * columns].map(Double.init)
            let mean = values.reduce(0, +) / Double(columns)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
            for (value, (scale, shift)) in zip(values, zip(weight, bias)) {
                expected.append((value - mean) / (variance + 1e-5).squareRoot() * Double(scale) + Double(shift))
            }
        }
        #expect(largestDifference(output, expected) < 2e-5)
        var widened = [Float](repeating: 0, count: output.count)
        kernels(width).widen(&widened, copy, Int64(output.count))
        #expect(zip(widened, output).allSatisfy { abs($0 - $1) <= abs($1) / 256 })
    }

    @Test("quantising and back", arguments: widths, [1, 15, 16, 100])
    func quantize(width: Int64, columns: Int) {
        var input = randoms(3 * columns, seed: 5)
        for index in 0..<columns { input[columns + index] = 0 }
        var bytes = [Int8](repeating: 0, count: input.count)
        var scales = [Float](repeating: -1, count: 3)
        let factors = (0..<columns).map { 1 + Float($0) / 50 }
        kernels(width).quantize(input, 3, Int64(columns), factors, &bytes, &scales)
        for row in 0..<3 {
            for column in 0..<columns {
                let index = row * columns + column
                #expect(abs(Float(bytes[index]) * scales[row] - input[index] * factors[column]) <= scales[row] * 0.501)
            }
        }
        #expect(scales[1] == 0)
    }

    @Test("activations", arguments: widths)
    func activations(width: Int64) {
        let columns = 201
        // Sums that stand for −10 … 10.
        let sums = (0..<columns).map { Int32($0 - 100) }
        let ones = [Float](repeating: 1, count: columns)
        let zeros = [Float](repeating: 0, count: columns)
        let functions: [(ek_activation, (Double) -> Double)] = [
            (ek_gelu_erf, { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }),
            (ek_gelu_tanh, { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }),
            (ek_relu, { max($0, 0) }),
        ]
        for (activation, function) in functions {
            var bytes = [UInt8](repeating: 0, count: columns)
            let offsets = [Float](repeating: 0.2, count: columns)
            var scale: Float = 0
            var row: Float = 0.1
            var scratch = [Float](repeating: 0, count: columns)
            kernels(width).activate(
                &bytes, &scale, sums, 1, Int64(columns), ones, &row, zeros, activation, ones, offsets, &scratch)
            let expected = sums.map { function(Double($0) / 10) + 0.2 }
            #expect(largestDifference(scratch, expected) < 2e-6)
            #expect(largestDifference(bytes.map { Float($0) * scale }, expected) <= Double(scale) * 0.501)
        }
    }

    @Test("rows summed, and the largest of each column", arguments: widths)
    func rows(width: Int64) {
        let (count, columns) = (5, 37)
        let input = randoms(count * columns, seed: 6)
        var sum = [Float](repeating: 0, count: columns)
        var most = [Float](repeating: -100, count: columns)
        kernels(width).add_rows(&sum, input, Int64(count), Int64(columns))
        kernels(width).max_rows(&most, input, Int64(count), Int64(columns))
        for column in 0..<columns {
            let values = (0..<count).map { input[$0 * columns + column] }
            #expect(abs(sum[column] - values.reduce(0, +)) < 1e-5)
            #expect(most[column] == values.max())
        }
    }

    private func largestDifference(_ values: [Float], _ expected: [Double]) -> Double {
        #expect(values.count == expected.count)
        // Not a number is larger than any difference.
        return zip(values, expected).map { abs(Double($0) - $1) }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
    }

    private func softmaxAttention(_ input: [Float], _ length: Int, _ heads: Int, _ size: Int) -> [Double] {
        let hidden = heads * size
        func part(_ row: Int, _ kind: Int, _ head: Int) -> ArraySlice<Float> {
            let start = row * 3 * hidden + kind * hidden + head * size
            return input[start..<start + size]
        }
        var result = [Double](repeating: 0, count: length * hidden)
        for head in 0..<heads {
            for query in 0..<length {
                let scores = (0..<length).map { key in
                    zip(part(query, 0, head), part(key, 1, head)).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
                }
                let largest = scores.max() ?? 0
                let powers = scores.map { exp($0 - largest) }
                let total = powers.reduce(0, +)
                for key in 0..<length {
                    for (index, value) in part(key, 2, head).enumerated() {
                        result[query * hidden + head * size + index] += powers[key] / total * Double(value)
                    }
                }
            }
        }
        return result
    }
}
