/// What becomes of a text that is longer than the model's limit.
package enum LongTexts: String, Sendable, Hashable, CaseIterable {
    /// Its beginning counts, as in sentence-transformers.
    case truncate
    /// All of it counts: it is cut into windows of the limit, and their vectors are averaged, each by its number of
    /// pieces, and normalised where the model normalises.
    case mean
}

/// A text as token ids: one sequence, or several windows of it.
package struct TokenizedText: Sendable {
    /// The ids of each sequence, those around the pieces included.
    package internal(set) var windows: [[Int32]] = []
    /// Whether it was longer than the limit.
    var isLong = false
    /// Pieces of the text in each window, without what stands around and before them.
    var pieces: [Int] = []
}

/// Turns texts into the sequences that the encoder takes.
package struct Sequencer: Sendable {
    let tokenizer: Tokenizer
    /// Tokens of a sequence, with those around the pieces.
    let limit: Int
    let longTexts: LongTexts

    /// Pieces that a sequence has room for.
    private var room: Int { limit - tokenizer.prefix.count - tokenizer.suffix.count }

    /// Tokens of a prompt as sentence-transformers counts them: encoded alone, without what closes a sequence.
    func length(ofPrompt prompt: String) -> Int {
        prompt.isEmpty ? 0 : tokenizer.prefix.count + pieces(of: prompt, limit: room).count
    }

    /// The sequences of a text.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - prompt: What is put before it. A prompt that takes more than half of a sequence is put before the first window of
    ///     a long text only.
    package func sequences(of text: String, prompt: String) -> TokenizedText {
        let whole = pieces(of: prompt + text, limit: longTexts == .truncate ? room + 1 : .max)
        var result = TokenizedText(isLong: whole.count > room)
        result.windows = [sequence(whole.prefix(room))]
        result.pieces = [min(whole.count, room)]
        if !result.isLong || longTexts == .truncate { return result }
        // Each window has the prompt before it, as each is embedded as a text of its own.
        var lead = pieces(of: prompt, limit: room)
        if lead.count > room / 2 { lead = [] }
        result.pieces[0] -= lead.count
        for start in stride(from: room, to: whole.count, by: room - lead.count) {
            let window = whole[start..<min(start + room - lead.count, whole.count)]
            result.windows.append(sequence(lead + window))
            result.pieces.append(window.count)
        }
        return result
    }

    private func sequence(_ pieces: ArraySlice<Int32>) -> [Int32] {
        tokenizer.prefix + pieces + tokenizer.suffix
    }

    private func pieces(of text: String, limit: Int) -> [Int32] {
        var text = text
        var ids: [Int32] = []
        // The longest a piece's share of text usually is; the array grows where it is not enough.
        ids.reserveCapacity(min(limit, text.utf8.count / 3 + 8))
        text.withUTF8 { tokenizer.appendPieces(of: $0, limit: limit, to: &ids) }
        return ids
    }
}

extension Sequencer {
    /// Reads a model's tokenizer.
    ///
    /// - Throws: ``ModelError`` for files that are damaged, that cannot be followed exactly, or that do not fit the model.
    package init(_ folder: ModelFolder, longTexts: LongTexts) throws(ModelError) {
        tokenizer = try Tokenizer(folder: folder.encoderPath)
        guard tokenizer.vocabularySize <= folder.configuration.vocabularySize else {
            throw ModelError(
                folder.path,
                "has a tokenizer of \(tokenizer.vocabularySize) tokens, but embeddings for \(folder.configuration.vocabularySize)"
            )
        }
        limit = folder.maxSequenceLength
        self.longTexts = longTexts
        let around = tokenizer.prefix.count + tokenizer.suffix.count
        guard around > 0 else {
            throw ModelError(
                folder.path,
                "has a tokenizer that puts nothing around a text, so that an empty one would have no vector")
        }
        guard around < limit else {
            throw ModelError(
                folder.path, "has a tokenizer that puts \(around) tokens around a text, and takes \(limit) in all")
        }
    }
}
