import Glibc

/// How the input of a linear layer is spread before it is rounded to bytes.
///
/// A few columns of a BERT's activations are several times as large as the others, and with one scale a row those
/// others would be left with a bit or two. So each column is multiplied with a factor, and the weights that meet it are
/// divided by the same (Xiao and others, SmoothQuant, 2023): the product stays what it is, and both sides are of more
/// even size.
struct InputScaling: Sendable {
    /// What each column is multiplied with.
    let factors: [Float]
    /// What is added to each column then, so that nothing is below zero; zeros where the bytes have a sign.
    let offsets: [Float]

    /// - Parameters:
    ///   - largest: The largest magnitude seen in each column of the input.
    ///   - weights: The weights as [out, in], row-major.
    ///   - strength: How much of the difference between columns goes to the weights: nothing at 0, all at 1.
    ///   - least: The least that an input can be, where the bytes are to have no sign.
    init(largest: [Float], weights: UnsafePointer<Float>, outputs: Int, strength: Float, least: Float?) {
        let inputs = largest.count
        var weightsLargest = [Float](repeating: 1e-4, count: inputs)
        for output in 0..<outputs {
            for input in 0..<inputs {
                weightsLargest[input] = max(weightsLargest[input], abs(weights[output * inputs + input]))
            }
        }
        factors = zip(largest, weightsLargest).map { input, weight in
            powf(weight, 1 - strength) / powf(max(input, 1e-3), strength)
        }
        offsets = factors.map { -(least ?? 0) * $0 }
    }

    init(factors: [Float], offsets: [Float]) {
        self.factors = factors
        self.offsets = offsets
    }

    /// Neither factor nor offset.
    static func none(_ inputs: Int) -> InputScaling {
        InputScaling(
            factors: Array(repeating: 1, count: inputs), offsets: Array(repeating: 0, count: inputs))
    }

    /// Each output's weights as signed bytes, with the scale that gives them back, and the bias with what the offsets
    /// add to the sums taken off.
    func quantize(
        _ weights: UnsafeMutablePointer<Float>, _ bias: [Float], to bytes: UnsafeMutablePointer<Int8>
    ) -> (scales: [Float], bias: [Float]) {
        let inputs = factors.count
        var scales: [Float] = []
        var shifted: [Float] = []
        for output in bias.indices {
            let row = weights + output * inputs
            var largest: Float = 0
            for input in 0..<inputs {
                row[input] /= factors[input]
                largest = max(largest, abs(row[input]))
            }
            // Of weights so small that their inverse is no number nothing is lost as zeros.
            let isUsable = largest > 1e-30 && largest.isFinite
            let scale = isUsable ? largest / 127 : 0
            let inverse = isUsable ? 127 / largest : 0
            var added: Float = 0
            for input in 0..<inputs {
                let rounded = (row[input] * inverse).rounded(.toNearestOrEven)
                bytes[output * inputs + input] = Int8(rounded)
                added += rounded * offsets[input]
            }
            scales.append(scale)
            shifted.append(bias[output] - added * scale)
        }
        return (scales, shifted)
    }
}
