/// `{"data":[{"index":0,"embedding":[…]}],"usage":{"total_tokens":8}}`, each embedding as numbers or as base64.
package struct OpenAIAnswer {
    /// One for each text, in their order.
    package var vectors: [[Float]] = []
    /// Why some of them are none, by their places.
    package var flaws: [Int: String] = [:]
    /// What was charged for.
    package var tokens: Int?
    /// The model that has answered, as far as that is told.
    package var model: String?
    /// Whether the vectors were strings.
    var wereStrings = false

    /// Reads an answer that is to have so many vectors.
    package init(_ bytes: [UInt8], count: Int, dimension: Int?) throws(AnswerProblem) {
        var reader = try AnswerReader(bytes)
        var received = ReceivedVectors(count: count, dimension: dimension)
        var hasData = false
        var (total, prompt): (Int?, Int?)
        try reader.document { reader throws(AnswerProblem) in
            try reader.object("it") { reader, name throws(AnswerProblem) in
                if reader.name(name, is: "data") {
                    guard !hasData else { throw reader.problem("it has 'data' twice") }
                    hasData = true
                    try reader.array("its 'data'") { reader throws(AnswerProblem) in
                        try Self.item(&reader, &received)
                    }
                } else if reader.name(name, is: "model") {
                    model = try reader.word()
                } else if reader.name(name, is: "usage"), reader.current == AnswerReader.Byte.openBrace {
                    try reader.object("its 'usage'") { reader, name throws(AnswerProblem) in
                        if reader.name(name, is: "total_tokens") {
                            total = try reader.integer()
                        } else if reader.name(name, is: "prompt_tokens") {
                            prompt = try reader.integer()
                        } else {
                            try reader.skip()
                        }
                    }
                } else {
                    try reader.skip()
                }
            }
        }
        guard hasData else { throw AnswerProblem("it has no 'data'") }
        vectors = try received.all()
        flaws = received.flaws
        wereStrings = received.wereStrings
        // A negative number is no count, whatever it is.
        tokens = [total, prompt].lazy.compactMap(\.self).first { $0 >= 0 }
    }

    private static func item(_ reader: inout AnswerReader, _ received: inout ReceivedVectors) throws(AnswerProblem) {
        var index: Int?
        var vector: [Float]??
        try reader.object("an element of its 'data'") { reader, name throws(AnswerProblem) in
            if reader.name(name, is: "index") {
                guard index == nil else { throw reader.problem("a vector has 'index' twice") }
                index = try reader.integer()
                if index == nil { throw reader.problem("an 'index' is no whole number") }
            } else if reader.name(name, is: "embedding") {
                guard vector == nil else { throw reader.problem("a vector has 'embedding' twice") }
                vector = try received.read(from: &reader)
            } else {
                try reader.skip()
            }
        }
        guard let index else { throw reader.problem("a vector has no 'index'") }
        guard let vector else { throw reader.problem("an element of its 'data' has no 'embedding'") }
        try received.put(vector, at: index)
    }
}
