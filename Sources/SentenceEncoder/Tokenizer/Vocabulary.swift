/// The tokens of a model, numbered from 0 without holes.
struct Vocabulary: Sendable {
    /// Beyond this many bytes in all tokens a file is no vocabulary of a BERT model.
    static let maximumBytes = 32 << 20

    let count: Int
    private let tokens: [[UInt8]]
    private let table: TokenTable

    /// Checks the tokens, which are in the order of their ids.
    /// - Parameter path: The file, for the error.
    init(_ tokens: [[UInt8]], path: String) throws(ModelError) {
        guard !tokens.isEmpty else { throw ModelError(path, "has no vocabulary: there is no token in it") }
        guard tokens.count <= Int(Int32.max) else { throw ModelError(path, "has more tokens than ids of 32 bits") }
        var table = TokenTable(capacity: tokens.count)
        var bytes = 0
        for (id, token) in tokens.enumerated() {
            guard token.count <= WordPiece.longestToken else {
                throw ModelError(
                    path,
                    "has a token of \(token.count) bytes (id \(id)); a word piece has at most \(WordPiece.longestToken)"
                )
            }
            bytes += token.count
            guard bytes <= Self.maximumBytes else {
                throw ModelError(path, "has more than \(Self.maximumBytes) bytes of tokens")
            }
            if let other = table.insert(token, value: Int32(id)) {
                throw ModelError(path, "has the token \(quoted(token)) twice, as id \(other) and as id \(id)")
            }
        }
        self.tokens = tokens
        self.table = table
        count = tokens.count
    }

    /// Takes the vocabulary of a tokenizer.json: names of tokens and their ids.
    init(members: [JSON.Member], path: String) throws(ModelError) {
        var tokens = [[UInt8]?](repeating: nil, count: members.count)
        for member in members {
            guard let id = member.value.int else {
                throw ModelError(path, "gives the token \(quoted(member.key)) \(member.value.kind) for an id")
            }
            guard tokens.indices.contains(id) else {
                throw ModelError(
                    path,
                    "gives the token \(quoted(member.key)) the id \(id); with \(members.count) entries and no holes ids "
                        + "are from 0 to \(members.count - 1)")
            }
            if let other = tokens[id] {
                throw ModelError(path, "gives the id \(id) to both \(quoted(other)) and \(quoted(member.key))")
            }
            tokens[id] = member.key
        }
        // As many different ids as places: none is empty.
        try self.init(tokens.map { $0 ?? [] }, path: path)
    }

    /// Takes a vocab.txt: one token on each line, from id 0.
    init(lines bytes: [UInt8], path: String) throws(ModelError) {
        guard bytes.withUnsafeBufferPointer(UTF8Coding.isValid) else { throw ModelError(path, "is not UTF-8") }
        var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        guard lines.count <= JSON.maximumValues else {
            throw ModelError(path, "has \(lines.count) lines, more than the \(JSON.maximumValues) tokens there may be")
        }
        var tokens: [[UInt8]] = []
        tokens.reserveCapacity(lines.count)
        for (number, line) in lines.enumerated() {
            let token = line.last == 0x0d ? line.dropLast() : line
            guard !token.contains(0x0d) else {
                throw ModelError(path, "has a carriage return within line \(number + 1)")
            }
            tokens.append(Array(token))
        }
        try self.init(tokens, path: path)
    }

    /// The id of a token.
    func id(of token: [UInt8]) -> Int32? {
        guard !token.isEmpty else { return nil }
        let id = token.withUnsafeBufferPointer { table.find($0.baseAddress!, $0.count, padded: false) }
        return id < 0 ? nil : id
    }

    /// The WordPiece model over this vocabulary, or nil without the unknown token.
    func model(unknown: [UInt8], prefix: [UInt8], maxCharacters: Int) -> WordPiece? {
        guard let unknown = id(of: unknown) else { return nil }
        let continuing = tokens.indices.filter { tokens[$0].starts(with: prefix) && tokens[$0].count > prefix.count }
        var continuation = TokenTable(capacity: continuing.count)
        for id in continuing { _ = continuation.insert(tokens[id].dropFirst(prefix.count), value: Int32(id)) }
        let singles = (0..<128).map { maxCharacters > 0 ? id(of: [UInt8($0)]) ?? unknown : unknown }
        return WordPiece(
            initial: table, continuation: continuation, unknown: unknown, maxCharacters: maxCharacters, singles: singles
        )
    }
}

/// A token for an error: in quotes, and not at its full length if that is long.
func quoted(_ token: [UInt8]) -> String { quote(String(decoding: token.prefix(400), as: UTF8.self)) }
