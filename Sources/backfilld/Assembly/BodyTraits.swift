import Embedders

/// What of the members that configuration adds to each request belongs to the identity of its vectors.
///
/// The identity is told to everybody who may read the schema backfilld, and in messages, while a member may be a key: so only
/// plain words of members that are known are told, and of all others a digest. What is known to leave the vectors as they are
/// is left out, so that nobody has to embed a table anew for it.
enum BodyTraits {
    /// The trait's name and value; nil where the member changes no vector.
    static func trait(_ member: Settings.Remote.Pair) -> (name: String, value: String)? {
        let (name, json) = (member.name, member.value.reveal)
        guard !without.contains(name), !secretNames.contains(where: name.lowercased().contains) else { return nil }
        let isTold = told.contains(name) && json.utf8.count <= 64 && json.utf8.allSatisfy(isPlain)
        return ("request \(name)", isTold ? json : "sha256:\(TextHash(json).hexadecimal)")
    }

    /// They say who asks, how the answer is written, or what becomes of texts that are too long: limits are no part of an
    /// identity.
    private static let without: Set<String> = [
        "user", "metadata", "encoding_format", "truncate", "truncation", "truncate_prompt_tokens",
        "truncation_direction",
        "priority", "request_id", "timeout", "keep_alive", "safety_identifier", "stream",
    ]
    private static let secretNames = ["api_key", "apikey", "api-key", "secret", "password", "auth"]
    private static let told: Set<String> = [
        "model", "input_type", "task", "task_type", "text_type", "prompt_name", "dimensions", "output_dimension",
        "normalize", "normalized", "late_chunking", "embedding_type", "embedding_types", "output_dtype",
    ]

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "\"._- []".utf8.contains(byte)
        }
    }
}
