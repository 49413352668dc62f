import HTTPTypes

/// Who may ask: pure decisions about a request's head.
struct Access: Sendable, Equatable {
    /// What callers have to send; nil where everybody who can connect may ask.
    var token: BearerToken?
    /// Origins of other pages that may ask, `https://app.example.com`.
    var origins: [String]

    /// What is decided.
    enum Decision: Sendable, Equatable {
        case allowed
        case refused(HTTPResponse.Status, String)
    }

    /// Whether a request may be answered.
    ///
    /// Where there is no token, a web page in a browser on this machine is a caller that its user does not know of. It says
    /// whose page it is in `Origin`; and where its own name leads here (DNS rebinding), it says that name in `Host`.
    ///
    /// - Parameters:
    ///   - request: Its head.
    ///   - isOpen: Whether what is asked for wants no token.
    ///   - isPage: Whether it is the page, to which others may link.
    func decide(_ request: HTTPRequest, isOpen: Bool, isPage: Bool = false) -> Decision {
        if let origin = request.headerFields[.origin], !accepts(origin, host: request.authority) {
            return .refused(.forbidden, "pages of this origin may not ask; allow it with console.origins")
        }
        // A browser names no origin where a page only fetches an image, say, but says whether it is a page of another site.
        if request.headerFields[.origin] == nil, Self.isOfAnotherSite(request.headerFields),
            !(isPage && request.headerFields[Self.mode]?.lowercased() == "navigate")
        {
            return .refused(.forbidden, "pages of other sites may not ask; allow their origin with console.origins")
        }
        if token == nil, let host = request.authority, !Self.isOwn(host) {
            return .refused(
                .forbidden, "this host name is not the console's: ask by address or as localhost, or set console.token")
        }
        guard let token, !isOpen else { return .allowed }
        let given = request.headerFields[.authorization] ?? ""
        let mark = "bearer "
        guard given.lowercased().hasPrefix(mark) else {
            return .refused(.unauthorized, "a token is wanted: send the field Authorization: Bearer TOKEN")
        }
        guard token.matches(given.utf8.dropFirst(mark.utf8.count)) else {
            return .refused(.unauthorized, "the token is not the right one")
        }
        return .allowed
    }

    private static let site = HTTPField.Name("Sec-Fetch-Site")!
    private static let mode = HTTPField.Name("Sec-Fetch-Mode")!

    private static func isOfAnotherSite(_ fields: HTTPFields) -> Bool {
        ["cross-site", "same-site"].contains(fields[site]?.lowercased())
    }

    /// Whether a page of an origin may ask: that of the console itself, and those allowed.
    func accepts(_ origin: String, host: String?) -> Bool {
        if origins.contains(where: { $0.lowercased() == origin.lowercased() }) { return true }
        guard let host, !host.isEmpty else { return false }
        return origin.lowercased() == "http://\(host.lowercased())"
            || origin.lowercased() == "https://\(host.lowercased())"
    }

    /// Whether a host, with its port, is an address or this machine's own name.
    static func isOwn(_ host: String) -> Bool {
        var name = host.lowercased()[...]
        if name.hasPrefix("[") { return name.contains("]") }
        if let colon = name.lastIndex(of: ":") { name = name[..<colon] }
        if name == "localhost" || name.hasSuffix(".localhost") || name.isEmpty { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Fields that let the page of an allowed origin read the answer.
    func fields(for origin: String?) -> HTTPFields {
        guard let origin, origins.contains(where: { $0.lowercased() == origin.lowercased() }) else { return [:] }
        return [
            .accessControlAllowOrigin: origin, .vary: "Origin",
            HTTPField.Name("Cross-Origin-Resource-Policy")!: "cross-origin",
        ]
    }

    /// What a browser asks first (preflight): which methods and fields it may use.
    func preflight(for origin: String?, methods: [HTTPRequest.Method]) -> HTTPFields {
        var fields = fields(for: origin)
        guard !fields.isEmpty else { return fields }
        fields[.accessControlAllowMethods] = methods.map(\.rawValue).joined(separator: ", ")
        fields[.accessControlAllowHeaders] = "authorization, content-type"
        fields[.accessControlMaxAge] = "600"
        return fields
    }
}
