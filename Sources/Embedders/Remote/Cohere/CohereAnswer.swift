/// `{"embeddings":{"float":[[…]]},"meta":{"billed_units":{"input_tokens":8}}}`, the vectors in the order of the texts.
struct CohereAnswer {
    /// One for each text, in their order.
    var vectors: [[Float]] = []
    /// Why some of them are none, by their places.
    var flaws: [Int: String] = [:]
    /// What was charged for.
    var tokens: Int?
    /// Whether the vectors were strings.
    var wereStrings = false

    /// Reads an answer that is to have so many vectors.
    init(_ bytes: [UInt8], count: Int, dimension: Int?) throws(AnswerProblem) {
        var reader = try AnswerReader(bytes)
        var received = ReceivedVectors(count: count, dimension: dimension)
        var hasVectors = false
        var charged: Int?
        try reader.document { reader throws(AnswerProblem) in
            try reader.object("it") { reader, name throws(AnswerProblem) in
                if reader.name(name, is: "embeddings") {
                    try reader.object("its 'embeddings'") { reader, name throws(AnswerProblem) in
                        guard reader.name(name, is: "float") || reader.name(name, is: "base64") else {
                            return try reader.skip()
                        }
                        guard !hasVectors else { throw reader.problem("it has its vectors twice") }
                        // A kind that was not asked for may be there and null.
                        guard reader.current == AnswerReader.Byte.openBracket else { return try reader.skip() }
                        hasVectors = true
                        var index = 0
                        try reader.array("its vectors") { reader throws(AnswerProblem) in
                            try received.put(received.read(from: &reader), at: index)
                            index += 1
                        }
                    }
                } else if reader.name(name, is: "meta"), reader.current == AnswerReader.Byte.openBrace {
                    charged = try Self.charged(&reader)
                } else {
                    try reader.skip()
                }
            }
        }
        guard hasVectors else { throw AnswerProblem("it has no 'embeddings' of floats") }
        vectors = try received.all()
        flaws = received.flaws
        wereStrings = received.wereStrings
        tokens = charged.flatMap { $0 >= 0 ? $0 : nil }
    }

    private static func charged(_ reader: inout AnswerReader) throws(AnswerProblem) -> Int? {
        var tokens: Int?
        try reader.object("its 'meta'") { reader, name throws(AnswerProblem) in
            guard reader.name(name, is: "billed_units"), reader.current == AnswerReader.Byte.openBrace else {
                return try reader.skip()
            }
            try reader.object("its 'billed_units'") { reader, name throws(AnswerProblem) in
                if reader.name(name, is: "input_tokens") { tokens = try reader.integer() } else { try reader.skip() }
            }
        }
        return tokens
    }
}
