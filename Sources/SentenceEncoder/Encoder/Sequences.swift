/// What becomes of a text that is longer than the model's limit.
public enum LongTexts: String, Sendable, Hashable, CaseIterable {
    /// Its beginning counts, as in sentence-transformers.
    case truncate
    /// All of it counts: it is cut into windows of the limit, and their vectors are averaged, each by its number of
    /// pieces, and normalised.
    case mean
}

/// A text as token ids: one sequence, or several windows of it.
struct TokenizedText: Sendable {
    var windows: [[Int32]] = []
    /// Whether it was longer than the limit.
    var isLong = false
}

/// Turns texts into the sequences that the encoder takes.
struct Sequencer: Sendable {
    let tokenizer: Tokenizer
    /// Tokens of a sequence, with those around the pieces.
    let limit: Int
    let longTexts: LongTexts

    /// Tokens of a prompt as sentence-transformers counts them: encoded alone, without what closes a sequence.
    func length(ofPrompt prompt: String) -> Int {
        prompt.isEmpty ? 0 : tokenizer.prefix.count + pieces(of: prompt, limit: limit).count
    }

    /// The sequences of a text.
    func sequences(of text: String, prompt: String) -> TokenizedText {
        let room = max(limit - tokenizer.prefix.count - tokenizer.suffix.count, 0)
        let whole = pieces(of: prompt + text, limit: longTexts == .truncate ? room + 1 : .max)
        var result = TokenizedText(isLong: whole.count > room)
        if !result.isLong || longTexts == .truncate {
            result.windows = [sequence(whole.prefix(room))]
            return result
        }
        // Each window has the prompt before it, as each is embedded as a text of its own.
        let lead = pieces(of: prompt, limit: room)
        let step = max(room - lead.count, 1)
        result.windows = [sequence(whole.prefix(room))]
        for start in stride(from: room, to: whole.count, by: step) {
            result.windows.append(sequence((lead + whole[start..<min(start + step, whole.count)]).prefix(room)))
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
