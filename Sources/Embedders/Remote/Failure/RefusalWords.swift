import SentenceEncoder

/// What may be told of the words with which a provider refuses a text.
///
/// They may quote the text, whole, cut or escaped, and no comparison makes free words safe. So none of them is told, but: the
/// names that the provider has for what happened, kinds of complaint that are known here, and numbers where they are limits.
struct RefusalWords {
    private var names: [String] = []
    private var kinds: [String] = []
    private let isSilent: Bool

    /// - Parameters:
    ///   - body: The answer's.
    ///   - texts: What was sent: a name or a number that is in it is not told.
    ///   - secrets: What must not be told, either.
    init(_ body: [UInt8], sent texts: [String], secrets: [String]) {
        let message = ProviderMessage(body: body)
        isSilent = message.text == nil
        let root = body.count <= 64 << 10 ? try? JSON.parse(body, values: 10_000) : nil
        for name in message.codes + Self.places(root) where Self.isName(name) {
            guard !names.contains(name), !texts.contains(where: { $0.contains(name) }),
                Redaction(secrets: secrets).told(name, sent: []) == name
            else { continue }
            names.append(name)
        }
        let words = (message.text ?? "").lowercased()
        if message.namesSize { kinds.append("too long") }
        if message.namesMoney { kinds.append("the account has no money left") }
        for (needles, kind) in Self.known where needles.contains(where: words.contains) { kinds.append(kind) }
        let limits = Self.limits(words).filter { limit in
            !texts.contains { $0.contains(limit.number) }
        }
        kinds += limits.prefix(2).map { "at most \($0.told)" }
    }

    /// `: KINDS (NAMES)`, or that its words are not told.
    var said: String {
        let told = kinds.joined(separator: ", ")
        let named = names.prefix(4).joined(separator: ", ")
        switch (told.isEmpty, named.isEmpty) {
        case (false, false): return ": \(told) (\(named))"
        case (false, true): return ": \(told)"
        case (true, false): return ": \(named)"
        case (true, true) where isSilent: return ""
        case (true, true): return " (its words are not told: they may quote the text)"
        }
    }

    private static let known: [(needles: [String], kind: String)] = [
        (
            [
                "content policy", "content_policy", "content filter", "content_filter", "content management",
                "moderation",
            ],
            "against its content policy"
        ),
        (["empty"], "empty input"),
        (["valid string", "be a string", "not a string", "invalid type"], "a wrong type"),
        (
            ["invalid character", "invalid unicode", "utf-8", "surrogate", "control character", "null byte"],
            "an invalid character"
        ),
        (["invalid input", "input is invalid", "input' is invalid"], "invalid input"),
        (["required", "missing"], "something is missing in the request"),
        (
            ["unknown parameter", "unrecognized", "unsupported", "not supported", "not permitted"],
            "something in the request is not supported"
        ),
        (["does not exist", "not found"], "something does not exist"),
        (["dimension"], "the dimension of the vectors"),
        (["encoding_format", "base64", "embedding_types"], "the encoding of the vectors"),
        (["parse", "malformed"], "the request can't be read"),
        (["permission denied", "row-level security"], "permission denied"),
        (["unexpected endpoint"], "Unexpected endpoint"),
        (["out of memory"], "out of memory"),
        (["overloaded", "capacity"], "overloaded"),
        (["timed out", "timeout"], "a time is over"),
    ]

    /// Where in the request, and frameworks' names for what is wrong there.
    private static func places(_ root: JSON?) -> [String] {
        var places = [root?["error"]?["param"]?.text, root?["param"]?.text].compactMap(\.self)
        let details = [root?["detail"], root?["message"]?["detail"], root?["error"]?["detail"]]
        if let first = details.lazy.compactMap({ $0?.elements?.first }).first {
            if let type = first["type"]?.text { places.append(type) }
            let path = (first["loc"]?.elements ?? []).compactMap(\.text).filter(isName)
            if !path.isEmpty { places.append(path.joined(separator: ".")) }
        }
        return places
    }

    /// A name as programs have them, and nothing that a person writes.
    private static func isName(_ text: String) -> Bool {
        guard 2...48 ~= text.utf8.count, text.utf8.contains(where: { 0x61...0x7a ~= $0 | 0x20 }) else { return false }
        let isPlain = text.utf8.allSatisfy {
            0x61...0x7a ~= $0 | 0x20 || 0x30...0x39 ~= $0 || "_.[]".utf8.contains($0)
        }
        return isPlain && text.utf8.count { 0x30...0x39 ~= $0 } <= 4
    }

    private struct Limit {
        var number: String
        var unit: String
        var told: String { unit.isEmpty ? number : "\(number) \(unit)" }
    }

    private static let leads = [
        "context length is", "context length is only", "at most", "max", "maximum", "maximum of", "less than",
        "limit of",
        "limit is", "maximum length", "maximum length of", "per submitted batch is", "maximum allowed batch size",
        "up to", "no more than", "fewer than", "context size is",
    ]
    private static let units = ["tokens", "bytes", "characters", "texts", "inputs"]

    /// Numbers behind words that say that they are the most.
    private static func limits(_ words: String) -> [Limit] {
        let words = words.split { $0.isWhitespace }.map { $0.filter { $0.isLetter || $0.isNumber || $0 == "_" } }
        return words.indices.compactMap { place in
            let word = words[place]
            guard 1...7 ~= word.count, word.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
            let before = words[max(0, place - 5)..<place].joined(separator: " ")
            guard leads.contains(where: { before == $0 || before.hasSuffix(" \($0)") }) else { return nil }
            let next = place + 1 < words.count ? words[place + 1] : ""
            return Limit(number: word, unit: units.contains(next) ? next : "")
        }
    }
}

extension FailedAnswer {
    /// Whether an answer of this status may be about a text, so that it may quote it.
    static func mayQuote(_ status: Int) -> Bool { [400, 413, 422, 500].contains(status) }

    /// What may be told of an answer that may be about a text.
    func words(of response: HTTPResponse, _ texts: [String]) -> RefusalWords {
        RefusalWords(response.body, sent: texts, secrets: secrets + [key?.secret].compactMap(\.self))
    }

    /// An answer of success that is none, with what may be told of its words in the place of them.
    func reduced(_ response: HTTPResponse, sent texts: [String]) -> HTTPResponse {
        guard response.body.count <= 4096, ProviderMessage(body: response.body).text != nil else { return response }
        var reduced = response
        reduced.body = Array(words(of: response, texts).said.trimmingPrefix(": ").utf8)
        return reduced
    }
}
