import HTTPTypes
import NIOCore
import SentenceEncoder

/// The one page, with the policy under which a browser runs it: its own script and its own style, and nothing else.
struct Page: Sendable {
    /// Ready to be sent.
    let answer: ConsoleAnswer
    /// What a browser may do with it.
    let policy: String

    /// The page of this release.
    init() { self.init(PackageResources.page_html) }

    init(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let hashes = { (tag: String) in
            Self.contents(of: tag, in: text).map { "'sha256-\(Base64.encode(SHA256.digest(of: String($0))))'" }
        }
        let sources = { (list: [String]) in list.isEmpty ? "'none'" : list.joined(separator: " ") }
        policy = [
            "default-src 'none'", "script-src \(sources(hashes("script")))", "style-src \(sources(hashes("style")))",
            "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        ].joined(separator: "; ")
        var answer = ConsoleAnswer(.ok, type: "text/html; charset=utf-8", .whole(ByteBuffer(bytes: bytes)))
        answer.fields[.contentSecurityPolicy] = policy
        self.answer = answer
    }

    /// What stands between the tags, as a browser hashes it.
    private static func contents(of tag: String, in text: String) -> [Substring] {
        var found: [Substring] = []
        var rest = text[...]
        while let open = rest.firstRange(of: "<\(tag)"), let start = rest[open.upperBound...].firstIndex(of: ">"),
            let end = rest[start...].firstRange(of: "</\(tag)>")
        {
            found.append(rest[rest.index(after: start)..<end.lowerBound])
            rest = rest[end.upperBound...]
        }
        return found
    }
}
