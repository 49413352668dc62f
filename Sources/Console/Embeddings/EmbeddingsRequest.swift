import Embedders
import HTTPTypes
import SentenceEncoder

/// The body of `POST /v1/embeddings`, as OpenAI defines it, read and checked.
struct EmbeddingsRequest: Equatable {
    var texts: [String]
    var isBase64 = false
    /// Beyond OpenAI's: what the texts are for, `input_type`.
    var role = TextRole.query

    /// Texts in one request, as at OpenAI.
    static let most = 2048

    /// - Throws: ``Refused``.
    init(_ body: [UInt8], _ identity: EmbedderIdentity) throws(Refused) {
        let json = try ConsoleBody.object(body)
        texts = try Self.texts(json["input"])
        if let model = try Self.text(json, "model"), !Self.isSame(model, identity.model) {
            throw Refused(.notFound, "there is no such model here; this daemon embeds with \(identity.model)")
        }
        if let dimensions = json["dimensions"], !dimensions.isNull, dimensions.double != Double(identity.dimension) {
            throw .bad("dimensions must be \(identity.dimension), which is what this model has, or be left out")
        }
        switch try Self.text(json, "encoding_format") {
        case nil, "float": break
        case "base64": isBase64 = true
        default: throw .bad("encoding_format must be float or base64")
        }
        switch try Self.text(json, "input_type") {
        case nil, "query", "search_query": break
        case "passage", "document", "search_document": role = .passage
        default: throw .bad("input_type must be query or passage")
        }
    }

    /// A member that is a text where it is there.
    private static func text(_ json: JSON, _ name: String) throws(Refused) -> String? {
        guard let member = json[name], !member.isNull else { return nil }
        guard let text = member.text else { throw .bad("\(name) must be a text, or be left out") }
        return text
    }

    private static func texts(_ input: JSON?) throws(Refused) -> [String] {
        var texts: [String] = []
        if let text = input?.text {
            texts = [text]
        } else if let elements = input?.elements {
            guard elements.count <= most else { throw .bad("input has more than \(most) texts; send several requests") }
            for element in elements {
                guard let text = element.text else {
                    throw .bad("input must be a text or a list of texts; lists of tokens are not taken")
                }
                texts.append(text)
            }
        }
        guard !texts.isEmpty else { throw .bad("input is missing: a text, or a list of texts") }
        guard !texts.contains("") else { throw .bad("input has an empty text") }
        return texts
    }

    /// Whether a caller means our model: `sentence-transformers/all-MiniLM-L6-v2` is `all-MiniLM-L6-v2`.
    private static func isSame(_ asked: String, _ own: String) -> Bool {
        let name = { (text: String) in text.split(separator: "/").last.map { $0.lowercased() } ?? "" }
        return asked.isEmpty || name(asked) == name(own)
    }

    /// The answer, as OpenAI's.
    func answer(_ embedded: QueryEmbedder.Answer, model: String) -> ConsoleAnswer {
        let data = embedded.vectors.enumerated().map { index, vector -> JSONTree in
            [
                "object": "embedding", "index": .integer(index),
                "embedding": isBase64 ? .string(Base64.floats(vector)) : .floats(vector),
            ]
        }
        let tokens = JSONTree.integer(embedded.tokens ?? 0)
        return .json(
            .ok,
            [
                "object": "list", "data": .array(data), "model": .string(model),
                "usage": ["prompt_tokens": tokens, "total_tokens": tokens],
            ])
    }
}

/// Reads bodies.
enum ConsoleBody {
    /// A JSON object.
    static func object(_ body: [UInt8]) throws(Refused) -> JSON {
        guard !body.isEmpty else { throw .bad("the body is empty; it must be a JSON object") }
        let json: JSON
        do throws(JSONError) { json = try JSON.parse(body, values: 100_000) } catch {
            throw .bad("the body is not JSON: \(error)")
        }
        guard json.members != nil else { throw .bad("the body is \(json.kind), not a JSON object") }
        return json
    }
}
