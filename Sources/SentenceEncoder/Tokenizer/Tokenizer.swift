/// BERT's normalisation and WordPiece, as the Hugging Face fast tokenizer does it.
package struct Tokenizer: Sendable {
    /// One more than the largest id that can come out.
    let vocabularySize: Int
    /// The ids before the pieces of a text: [CLS].
    package let prefix: [Int32]
    /// The ids after the pieces of a text: [SEP].
    package let suffix: [Int32]

    private let model: WordPiece
    private let rules: TextReader.Rules
    /// Passes over the text before the one that `rules` do; usually none.
    private let earlierPasses: [Normalization]
    private let rawTokens: AddedTokens
    private let normalizedTokens: AddedTokens
    /// For text that went through all passes already: splitting and nothing else.
    private let splittingRules: TextReader.Rules

    /// Reads tokenizer.json of a model folder, or else vocab.txt, with tokenizer_config.json and what belongs to it.
    ///
    /// A tokenizer that is not BERT's, or that is not known exactly, is refused with the reason.
    package init(folder: String) throws(ModelError) {
        self.init(try TokenizerDescription(folder: folder))
    }

    init(_ description: TokenizerDescription, unicode: UnicodeTables = .shared) {
        vocabularySize = description.vocabularySize
        prefix = description.prefix
        suffix = description.suffix
        model = description.model
        rules = TextReader.Rules(description.passes.last ?? [], unicode)
        earlierPasses = description.passes.dropLast()
        splittingRules = TextReader.Rules([], unicode)
        rawTokens = AddedTokens(description.rawTokens, unicode)
        normalizedTokens = AddedTokens(description.normalizedTokens, unicode)
    }

    /// The ids of a text.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - maxLength: How many ids there may be, prefix and suffix included; what does not fit is cut off at the end of the
    ///     text. Prefix and suffix are never cut.
    /// - Returns: The prefix, the pieces, the suffix; and whether pieces were cut off.
    package func encode(_ text: String, maxLength: Int) -> (ids: [Int32], wasCut: Bool) {
        let limit = max(0, max(0, maxLength) - prefix.count - suffix.count)
        var ids = prefix
        var text = text
        text.withUTF8 { appendPieces(ofValid: $0, limit: limit == .max ? limit : limit + 1, to: &ids) }
        let wasCut = ids.count - prefix.count > limit
        if wasCut { ids.removeLast() }
        return (ids + suffix, wasCut)
    }

    /// Appends the ids of a text's pieces, without prefix and suffix.
    ///
    /// - Parameters:
    ///   - text: UTF-8; invalid bytes count as U+FFFD, repaired as `String(decoding:as:)` does.
    ///   - limit: After so many it stops.
    ///   - ids: What they are appended to.
    func appendPieces(of text: UnsafeBufferPointer<UInt8>, limit: Int, to ids: inout [Int32]) {
        if UTF8Coding.isASCII(text) || UTF8Coding.isValid(text) {
            appendPieces(ofValid: text, limit: limit, to: &ids)
        } else {
            var repaired = String(decoding: text, as: UTF8.self)
            repaired.withUTF8 { appendPieces(ofValid: $0, limit: limit, to: &ids) }
        }
    }

    private func appendPieces(ofValid text: UnsafeBufferPointer<UInt8>, limit: Int, to ids: inout [Int32]) {
        guard limit > 0 else { return }
        let (sum, overflows) = ids.count.addingReportingOverflow(limit)
        let stop = overflows ? Int.max : sum
        let room = WordSplitter.room(for: model)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room) { word in
            word.initialize(repeating: 0)
            var splitter = WordSplitter(model, rules.unicode, ids: [], stop: stop, word: word.baseAddress!)
            swap(&splitter.ids, &ids)
            var reader = TextReader(isDirect ? rules : splittingRules, into: splitter)
            splitter.ids = []
            read(text, with: &reader)
            swap(&reader.splitter.ids, &ids)
        }
        if ids.count > stop { ids.removeLast(ids.count - stop) }
    }

    /// Whether one pass over the bytes does everything.
    private var isDirect: Bool { earlierPasses.isEmpty && normalizedTokens.isEmpty }

    private func read(_ text: UnsafeBufferPointer<UInt8>, with reader: inout TextReader) {
        split(text, at: rawTokens, &reader) { stretch, reader in
            if isDirect { return reader.read(stretch) }
            Array(stretch).normalized(earlierPasses + [rules.normalization], rules.unicode).withUnsafeBufferPointer {
                split($0, at: normalizedTokens, &reader) { stretch, reader in reader.read(stretch) }
            }
        }
    }

    /// Reads what is between added tokens, and appends those.
    private func split(
        _ text: UnsafeBufferPointer<UInt8>, at tokens: AddedTokens, _ reader: inout TextReader,
        read: (UnsafeBufferPointer<UInt8>, inout TextReader) -> Void
    ) {
        var done = 0
        var next = 0
        while let match = tokens.first(in: text, from: next, done: done) {
            // A token that begins with white space may lie in what the one before took along.
            if done < match.start {
                read(UnsafeBufferPointer(rebasing: text[done..<match.start]), &reader)
            }
            if reader.splitter.isFull { return }
            reader.splitter.ids.append(match.id)
            done = match.end
            next = match.next
        }
        if done < text.count, !reader.splitter.isFull { read(UnsafeBufferPointer(rebasing: text[done...]), &reader) }
    }
}

extension [UInt8] {
    /// Valid UTF-8 after passes of normalisation.
    func normalized(_ passes: [Normalization], _ unicode: UnicodeTables) -> [UInt8] {
        passes.reduce(self) { bytes, pass in
            var normalizer = ScalarNormalizer(pass, unicode)
            var sink = ByteSink()
            bytes.withUnsafeBufferPointer { buffer in
                var at = 0
                while at < buffer.count { normalizer.take(UTF8Coding.next(buffer.baseAddress!, &at), into: &sink) }
            }
            normalizer.finish(into: &sink)
            return sink.bytes
        }
    }
}
