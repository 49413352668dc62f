import Foundation

/// What a daemon of the lab asks its provider: `POST …/embeddings`, as OpenAI documents it
/// (https://platform.openai.com/docs/api-reference/embeddings/create).
struct ProviderRequest {
    /// Which daemon asks, a name of this one process.
    let client: String
    /// What is to be embedded.
    let texts: [String]
    /// Whether the vectors are wanted as base64.
    let asBase64: Bool

    /// Reads a request; nil for any other.
    init?(_ request: LabHTTPRequest) {
        struct Body: Decodable {
            var input: [String]
            var encoding_format: String?
        }
        guard request.method == "POST", request.path.hasSuffix("/embeddings"),
            let body = try? JSONDecoder().decode(Body.self, from: Data(request.body))
        else { return nil }
        client = request.fields[Provider.clientField] ?? ""
        texts = body.input
        asBase64 = body.encoding_format == "base64"
    }
}

/// What the provider answers.
enum ProviderAnswer {
    /// Vectors, in any order. What is no number stands there as Python's json writes it.
    static func vectors(_ items: [(index: Int, vector: [Float])], asBase64: Bool) -> LabHTTPReply {
        let data = items.map { item in
            let embedding: String
            if asBase64 {
                let bytes = item.vector.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian) { Array($0) } }
                embedding = "\"\(Data(bytes).base64EncodedString())\""
            } else {
                let numbers = item.vector.map { $0.isNaN ? "NaN" : $0.isInfinite ? "Infinity" : "\($0)" }
                embedding = "[\(numbers.joined(separator: ","))]"
            }
            return #"{"object":"embedding","index":\#(item.index),"embedding":\#(embedding)}"#
        }
        return LabHTTPReply(
            json: #"{"object":"list","data":[\#(data.joined(separator: ","))],"model":"lab","#
                + #""usage":{"prompt_tokens":\#(items.count),"total_tokens":\#(items.count)}}"#)
    }

    /// An error, with a message that needs no quoting.
    static func error(_ status: Int, _ message: String) -> LabHTTPReply {
        LabHTTPReply(
            status: status, json: #"{"error":{"message":"\#(message)","type":"lab","param":null,"code":null}}"#)
    }

    /// Too many requests.
    static func limited(milliseconds: Int?) -> LabHTTPReply {
        var reply = error(429, "Rate limit reached")
        if let milliseconds { reply.fields.append(("retry-after-ms", "\(milliseconds)")) }
        return reply
    }
}
