extension SentenceEncoder {
    /// Sequences that are planned and computed at once: a long text can have any number of them.
    private static let sequencesAtOnce = 2048

    /// Computes the vectors of texts.
    ///
    /// - Parameters:
    ///   - texts: Any number of texts of any length.
    ///   - prompt: What is put before each; see ``ModelFolder/prompt(for:)``.
    ///   - queue: Who wants it.
    /// - Throws: `CancellationError`; an error of oneDNN, such as for want of memory; ``ModelError`` where a vector has
    ///   a component that is no number.
    package func encode(
        _ texts: [String], prompt: String, in queue: EncoderQueue = .rows
    ) async throws -> Encoded {
        let tokenized = try await tokenize(texts, prompt: prompt, in: queue)
        let sequences = tokenized.flatMap(\.windows)
        let dimension = folder.dimension
        let vectors = AlignedMemory(bytes: sequences.count * dimension * 4)
        let skipped = folder.pooling.includesPrompt ? 0 : sequencer.length(ofPrompt: prompt)
        for start in stride(from: 0, to: sequences.count, by: Self.sequencesAtOnce) {
            let part = sequences[start..<min(start + Self.sequencesAtOnce, sequences.count)]
            let groups = GroupPlan.groups(part.map(\.count), lanes: lanes.count, capacity: capacity)
            // Each sequence has its own place, so lanes never write to the same.
            let place = vectors.bound(to: Float.self) + start * dimension
            nonisolated(unsafe) let target = place
            try await lanes.run(groups.count, in: queue) { [folder] workspace, number in
                let group = groups[number].map { start + $0 }
                try workspace.run(group.map { sequences[$0][...] })
                var row = 0
                for index in group {
                    let vector = UnsafeMutableBufferPointer(
                        start: target + (index - start) * dimension, count: dimension)
                    workspace.pool(
                        row, sequences[index].count, skipping: skipped, folder.pooling.modes, to: vector.baseAddress!)
                    if folder.normalizes { VectorMath.normalize(vector) }
                    guard vector.allSatisfy(\.isFinite) else {
                        throw ModelError(folder.path, "gives vectors that are no numbers: its weights overflow")
                    }
                    row += sequences[index].count
                }
            }
        }
        return Encoded(
            vectors: gather(tokenized, vectors), long: tokenized.count(where: \.isLong),
            tokens: sequences.reduce(0) { $0 + $1.count })
    }

    private func tokenize(_ texts: [String], prompt: String, in queue: EncoderQueue) async throws -> [TokenizedText] {
        let step = 32
        let sequencer = sequencer
        // Not worth waking a lane for.
        guard texts.count > 4 || texts.contains(where: { $0.utf8.count > 4096 }) else {
            return texts.map { sequencer.sequences(of: $0, prompt: prompt) }
        }
        let parts = SharedArray<[TokenizedText]>(repeating: [], count: (texts.count + step - 1) / step)
        try await lanes.run(parts.count, in: queue) { _, number in
            let part = texts[number * step..<min(number * step + step, texts.count)]
            parts.set(number, part.map { sequencer.sequences(of: $0, prompt: prompt) })
        }
        return parts.elements.flatMap(\.self)
    }

    /// One vector a text: its sequence's, or the mean of its windows', each by its pieces.
    private func gather(_ tokenized: [TokenizedText], _ vectors: AlignedMemory) -> [[Float]] {
        let dimension = folder.dimension
        var next = vectors.bound(to: Float.self)
        return tokenized.map { text in
            defer { next += text.windows.count * dimension }
            guard text.windows.count > 1 else {
                return Array(UnsafeBufferPointer(start: next, count: dimension))
            }
            var mean = [Float](repeating: 0, count: dimension)
            let all = Float(text.pieces.reduce(0, +))
            for (number, pieces) in text.pieces.enumerated() {
                let weight = Float(pieces) / all
                for index in mean.indices { mean[index] += weight * next[number * dimension + index] }
            }
            // As long as the vectors of other texts in the column: those of a model that does not normalise stay as
            // they are.
            if folder.normalizes { mean.withUnsafeMutableBufferPointer { VectorMath.normalize($0) } }
            return mean
        }
    }
}
