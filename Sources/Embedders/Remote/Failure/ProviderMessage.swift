import SentenceEncoder

/// What a provider says about a request that failed, wherever it puts it.
struct ProviderMessage {
    /// A text for people; nil where it says nothing that can be told.
    var text: String?
    /// The names that it has for what happened, such as `insufficient_quota`.
    var codes: [String] = []

    /// A longer body says nothing in one line.
    private static let longest = 64 << 10

    init(body: [UInt8]) {
        guard body.count <= Self.longest, let root = try? JSON.parse(body, values: 10_000) else {
            text = Self.plain(body)
            return
        }
        let error = root["error"]
        text =
            [error?["message"], error, root["message"], root["detail"], root["message"]?["detail"], error?["detail"]]
            .lazy.compactMap { $0.flatMap(Self.text) }.first
        for place in [error, root] {
            for name in ["code", "type", "error_type", "error_code", "status"] {
                if let code = place?[name]?.text { codes.append(code) }
            }
        }
    }

    /// A text, or the first complaint of those that frameworks make of a wrong request: `[{"loc":[…],"msg":"…"}]`. What
    /// they repeat of the request (`input`, `ctx`) is not looked at.
    private static func text(_ value: JSON) -> String? {
        if let text = value.text { return text.isEmpty ? nil : text }
        guard let first = value.elements?.first, let said = first["msg"]?.text else { return nil }
        let place = (first["loc"]?.elements ?? []).compactMap { $0.text ?? $0.int.map(String.init) }
        return place.isEmpty ? said : "\(place.joined(separator: ".")): \(said)"
    }

    /// A body that is no JSON, if it is one line of text and no page for a browser.
    private static func plain(_ body: [UInt8]) -> String? {
        guard body.count <= 1024, let text = String(validating: body, as: UTF8.self), !text.contains("<") else {
            return nil
        }
        return text.isEmpty ? nil : text
    }

    /// Whether it says in one way or the other that the request, or a text of it, is too long.
    var namesSize: Bool {
        let said = (codes + [text ?? ""]).joined(separator: " ").lowercased()
        if Self.sizes.contains(where: { said.contains($0) }) { return true }
        return said.contains("token") && Self.limits.contains { said.contains($0) }
    }

    private static let sizes = [
        "context length", "context_length", "context size", "context_size", "context window", "batch size",
        "batch_size",
        "too many inputs", "too many texts", "number of texts", "number of inputs", "array too long",
        "array_above_max_length", "too large", "too long", "exceeds maximum length", "maximum input length",
        "string_above_max_length", "max_tokens_per_request", "list should have at most", "too_long",
    ]
    private static let limits = [
        "exceed", "maximum", "too many", "max allowed", "must have less than", "at most", "limit of",
    ]

    /// Whether it says that this one request is more than it takes, and not that there were too many.
    var namesOneRequest: Bool { (text ?? "").lowercased().contains("request too large") }

    /// Whether it is base64 that it does not take.
    var namesEncoding: Bool {
        let said = (codes + [text ?? ""]).joined(separator: " ").lowercased()
        return said.contains("encoding_format") || said.contains("base64") || said.contains("embedding_types")
    }

    /// Whether the account has no money left, which no waiting changes.
    var namesMoney: Bool {
        let said = (codes + [text ?? ""]).joined(separator: " ").lowercased()
        return [
            "insufficient_quota", "exceeded your current quota", "insufficient balance", "insufficient_balance",
            "billing_hard_limit", "budget_exceeded", "out of credits", "insufficient credits",
        ].contains { said.contains($0) }
    }
}
