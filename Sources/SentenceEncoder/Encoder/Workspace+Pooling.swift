import CEncoderKernels

extension Workspace {
    /// The vector of one sequence that `run` has computed.
    ///
    /// - Parameters:
    ///   - first: Its first row in `hidden`.
    ///   - count: Its tokens.
    ///   - skipped: Tokens at its beginning that do not take part, those of a prompt.
    ///   - vector: Receives hidden size × modes components.
    func pool(
        _ first: Int, _ count: Int, skipping skipped: Int, _ modes: [PoolingMode],
        to vector: UnsafeMutablePointer<Float>
    ) {
        let width = network.configuration.hiddenSize
        let rows = count - skipped
        let start = hidden + (first + skipped) * width
        for (index, mode) in modes.enumerated() {
            let part = vector + index * width
            part.update(repeating: 0, count: width)
            // A prompt that fills the whole sequence leaves nothing of the text.
            guard rows > 0 else { continue }
            switch mode {
            case .cls: part.update(from: start, count: width)
            case .max:
                part.update(from: start, count: width)
                kernels.pointee.max_rows(part, start, Int64(rows), Int64(width))
            case .mean, .meanSqrtLength:
                kernels.pointee.add_rows(part, start, Int64(rows), Int64(width))
                let divisor = mode == .mean ? Float(rows) : Float(rows).squareRoot()
                for component in 0..<width { part[component] /= divisor }
            }
        }
    }
}

/// Arithmetic on vectors in memory.
enum VectorMath {
    /// Divides by the L2 norm, as PyTorch's `normalize` does: a vector of length zero stays as it is.
    static func normalize(_ vector: UnsafeMutableBufferPointer<Float>) {
        var squares = 0.0
        for component in vector { squares += Double(component) * Double(component) }
        let norm = Float(max(squares.squareRoot(), 1e-12))
        for index in vector.indices { vector[index] /= norm }
    }
}
