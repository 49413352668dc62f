/// The address of a server, taken apart: an http or https URL without a user and a fragment.
package struct WebAddress: Sendable, Hashable {
    /// Whether it is https.
    let isEncrypted: Bool
    /// In lower case, of an IPv6 address without its brackets.
    package let host: String
    /// Nil: the scheme's own.
    package let port: Int?
    /// Empty, or from its slash on, as it was written.
    package var path: String
    /// What is behind the question mark, as it was written.
    package var query: String?

    /// Reads a URL. Without a scheme it is https, but http for this machine itself.
    package init(_ text: String, setting: String = "remote.url") throws(RemoteSettingError) {
        guard !text.isEmpty else {
            throw RemoteSettingError(setting, "is empty; give an address, such as https://HOST/v1")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !Self.unfit.contains($0) }) else {
            throw RemoteSettingError(setting, "has a character that no URL has; write it as %XX")
        }
        var rest = Substring(text)
        var scheme: String?
        if let end = text.firstRange(of: "://") {
            scheme = text[..<end.lowerBound].lowercased()
            rest = text[end.upperBound...]
        }
        guard scheme == nil || scheme == "https" || scheme == "http" else {
            throw RemoteSettingError(setting, "is of no use with '\(scheme!.prefix(20))'; http and https can be asked")
        }
        guard !rest.contains("#") else { throw RemoteSettingError(setting, "has a fragment ('#'); leave it out") }
        if let mark = rest.firstIndex(of: "?") {
            query = String(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        path = String(rest[slash...])
        let place = rest[..<slash]
        // A password there would be in every message that names the address.
        guard !place.contains("@") else {
            throw RemoteSettingError(setting, "has a user or a password in it; the key has a setting of its own")
        }
        guard let (host, port) = Self.place(place) else {
            throw RemoteSettingError(setting, "names no host and port as in https://HOST:443/v1")
        }
        (self.host, self.port) = (host, port)
        isEncrypted = scheme.map { $0 == "https" } ?? !Self.isLoopback(host)
    }

    private static let unfit = Set("\"<>\\^`{|}".utf8)

    /// `HOST`, `HOST:PORT`, `[ADDRESS]` or `[ADDRESS]:PORT`.
    static func place(_ text: Substring) -> (host: String, port: Int?)? {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let tail = text[text.index(after: end)...]
            guard tail.isEmpty || tail.first == ":" else { return nil }
            port = tail.isEmpty ? nil : tail.dropFirst()
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard !host.isEmpty, !host.contains("@"), !host.contains("[") else { return nil }
        guard let port else { return (host.lowercased(), nil) }
        guard port.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int(port), 1...65535 ~= number else {
            return nil
        }
        return (host.lowercased(), number)
    }

    /// Whether a host is this machine by its name or number.
    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host.hasSuffix(".localhost") || host == "::1"
            || host.hasPrefix("127.") && host.utf8.allSatisfy { $0 == 0x2e || 0x30...0x39 ~= $0 }
    }

    /// Whether it is on this machine, so that what is sent there passes no network.
    var isLoopback: Bool { Self.isLoopback(host) }

    /// `HOST` or `HOST:PORT`, for people and for the field.
    package var place: String {
        (host.contains(":") ? "[\(host)]" : host) + (port.map { ":\($0)" } ?? "")
    }

    /// Without the query, which may hold a key: for people.
    package var shown: String { "\(isEncrypted ? "https" : "http")://\(place)\(path)" }

    /// All of it, for the request.
    package var url: String { shown + (query.map { "?\($0)" } ?? "") }

    /// The parts of the path between its slashes, without empty ones.
    var segments: [Substring] { path.split(separator: "/") }

    /// What is to be told to whoever configured a key for it; nil where there is nothing.
    package func warning(withKey: Bool) -> String? {
        guard withKey, !isEncrypted, !isLoopback else { return nil }
        return "the key is sent to \(place) without encryption, for everybody on the way to read; use https, or no key"
    }

    /// Adds pairs to the query, encoded.
    mutating func add(_ pairs: [(name: String, value: String)]) {
        let added = pairs.map { "\(Self.encoded($0.name))=\(Self.encoded($0.value))" }.joined(separator: "&")
        guard !added.isEmpty else { return }
        query = query.map { $0.isEmpty ? added : "\($0)&\(added)" } ?? added
    }

    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }
}
