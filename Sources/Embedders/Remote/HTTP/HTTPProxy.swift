/// A proxy that stands between here and a provider, asked for a tunnel (CONNECT) whatever the provider speaks.
package struct HTTPProxy: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    /// Where it is.
    package let host: String
    package let port: Int
    /// Whether it speaks SOCKS 5 instead of HTTP.
    let isSOCKS: Bool
    let user: String?
    let password: String?

    /// `HOST:PORT`, without user and password.
    package var description: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }

    /// Reads `http://USER:PASSWORD@HOST:PORT`, `socks5://HOST:PORT` or `HOST:PORT`. No error quotes any of it, for there
    /// may be a password in it.
    package init(_ text: String, setting: String = "remote.proxy") throws(RemoteSettingError) {
        var rest = Substring(text)
        var scheme = "http"
        if let end = text.firstRange(of: "://") {
            scheme = text[..<end.lowerBound].lowercased()
            rest = text[end.upperBound...]
        }
        switch scheme {
        case "http": isSOCKS = false
        case "socks5", "socks5h", "socks": isSOCKS = true
        case "https":
            throw RemoteSettingError(setting, "is to be spoken to with TLS, which can't be done; use http://HOST:PORT")
        default: throw RemoteSettingError(setting, "is no http:// or socks5:// URL")
        }
        if rest.last == "/" { rest = rest.dropLast() }
        var account: Substring?
        if let at = rest.lastIndex(of: "@") {
            account = rest[..<at]
            rest = rest[rest.index(after: at)...]
        }
        guard !rest.contains("/"), let (host, port) = WebAddress.place(rest) else {
            throw RemoteSettingError(setting, "names no host and port as in http://HOST:3128")
        }
        (self.host, self.port) = (host, port ?? (isSOCKS ? 1080 : 80))
        guard let account else {
            (user, password) = (nil, nil)
            return
        }
        guard !isSOCKS else { throw RemoteSettingError(setting, "has a user, which can't be told to a SOCKS proxy") }
        let parts = account.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(Self.decoded)
        guard let user = parts[0], let password = parts.count > 1 ? parts[1] : "" else {
            throw RemoteSettingError(setting, "has a '%' in its user or password that is not the begin of %XX")
        }
        (self.user, self.password) = (user, password)
    }

    /// The proxy for an address: the one that is set, else the one of the environment, as curl reads it: `https_proxy` or
    /// `HTTPS_PROXY`, `http_proxy` or `HTTP_PROXY`, then `all_proxy` or `ALL_PROXY`, but for what `no_proxy` or `NO_PROXY`
    /// names and this machine itself.
    package static func choose(
        setting: String?, environment: [String: String], for address: WebAddress
    ) throws(RemoteSettingError) -> HTTPProxy? {
        // An empty one says that there is to be none, whatever the environment says.
        if let setting { return setting.isEmpty ? nil : try HTTPProxy(setting) }
        guard !address.isLoopback, !isExcepted(address, by: value("no_proxy", environment)?.value ?? "") else {
            return nil
        }
        guard
            let found = value(address.isEncrypted ? "https_proxy" : "http_proxy", environment)
                ?? value("all_proxy", environment)
        else { return nil }
        return try HTTPProxy(found.value, setting: found.name)
    }

    private static func value(_ name: String, _ environment: [String: String]) -> (name: String, value: String)? {
        for name in [name, name.uppercased()] {
            if let value = environment[name], !value.isEmpty { return (name, value) }
        }
        return nil
    }

    /// Whether a list of hosts (`*`, `example.com` with everything below it, `.example.com`, `host:port`) has the address.
    static func isExcepted(_ address: WebAddress, by list: String) -> Bool {
        list.split(whereSeparator: { $0 == "," || $0.isWhitespace }).contains { entry in
            if entry == "*" { return true }
            // An IPv6 address without brackets has colons of its own.
            let bare = entry.contains("[") || entry.count(where: { $0 == ":" }) < 2
            let place = bare ? WebAddress.place(entry) : (String(entry).lowercased(), nil)
            guard let place, place.port == nil || place.port == (address.port ?? (address.isEncrypted ? 443 : 80))
            else {
                return false
            }
            var host = place.host
            if host.hasPrefix("*.") { host.removeFirst() }
            let name = host.hasPrefix(".") ? String(host.dropFirst()) : host
            return address.host == name || address.host.hasSuffix(".\(name)")
        }
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte)
                continue
            }
            guard let digits = String(rest.prefix(2)), digits.utf8.count == 2, let value = UInt8(digits, radix: 16)
            else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
