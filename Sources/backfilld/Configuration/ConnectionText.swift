/// A database address in one of libpq's two forms, taken apart so that it can be shown without its
/// secrets and checked before libpq, whose messages quote what it can't read, gets to see it.
struct ConnectionText: Sendable, Equatable {
    /// How it was written.
    enum Form: Sendable {
        case uri, pairs
    }

    /// Why it is not a database address. Never contains any of it.
    struct Fault: Error, Equatable {
        let reason: String
        var remedy: String?
    }

    let form: Form
    /// libpq's parameters; several hosts are separated by commas, as are their ports.
    let parameters: [String: String]

    init(_ text: String) throws(Fault) {
        if text.hasPrefix("postgresql://") || text.hasPrefix("postgres://") {
            form = .uri
            parameters = try Self.uri(text)
        } else if text.hasPrefix("jdbc:") || text.hasPrefix("postgresql+") || text.hasPrefix("postgres+") {
            throw Fault(reason: "is an address for another library", remedy: "Begin it with postgresql://")
        } else if text.hasPrefix("https://") || text.hasPrefix("http://") {
            throw Fault(reason: "is a web address, not a database's", remedy: Self.whereToLook)
        } else if text.contains("=") {
            form = .pairs
            parameters = try Self.pairs(text)
        } else {
            throw Fault(
                reason: "is not a database address",
                remedy: "Write postgresql://user@host:5432/database, or host=… dbname=… user=…")
        }
        // libpq's message would show the name, which may be a piece of a password with a = in it.
        if let unknown = parameters.keys.first(where: { !Self.keywords.contains($0) }) {
            let near = nearestName(to: unknown, among: Self.keywords.sorted()).map { "Did you mean \"\($0)\"?" }
            throw Fault(reason: "has a parameter that libpq does not know", remedy: near ?? Self.encoding)
        }
        let ports = (parameters["port"] ?? "").split(separator: ",")
        guard ports.allSatisfy({ (1...65_535).contains(Int($0) ?? 0) }) else {
            throw Fault(reason: "has a port that is not a number from 1 to 65535", remedy: Self.encoding)
        }
    }

    /// Where a Supabase project's address is found.
    static let whereToLook = """
        For Supabase: open the project in its dashboard, click "Connect" at the top, choose "Session pooler" \
        (port 5432) and set DATABASE_URL to what it shows, with the database password in it.
        Not the transaction pooler on port 6543: LISTEN and session locks need a session.
        """

    private static let encoding = """
        Percent-encode these characters in a user name or password: @ as %40, / as %2F, : as %3A, % as %25, \
        ? as %3F, # as %23.
        """

    private static func uri(_ text: String) throws(Fault) -> [String: String] {
        var rest = text.dropFirst(text.hasPrefix("postgresql://") ? 13 : 11)
        var found: [String: String] = [:]
        func set(_ keyword: String, _ value: Substring) throws(Fault) {
            guard !value.isEmpty else { return }
            guard let decoded = percentDecoded(value) else {
                throw Fault(reason: "has a % that is not followed by two hexadecimal digits", remedy: encoding)
            }
            found[keyword] = decoded
        }

        // libpq takes the first @ before the first / for the end of the password; any other one is
        // most likely part of a password that then would be taken for a host, and shown.
        let authority = rest.prefix { $0 != "/" }
        if let at = authority.firstIndex(of: "@") {
            let user = authority[..<at].prefix { $0 != ":" }
            try set("user", user)
            try set("password", authority[user.endIndex..<at].dropFirst())
            rest = rest[rest.index(after: at)...]
        }
        guard !rest.contains("@") else {
            throw Fault(reason: "has an @ where none can be", remedy: encoding)
        }

        let hosts = rest.prefix { $0 != "/" && $0 != "?" }
        var names: [Substring] = [], ports: [Substring] = []
        for host in hosts.split(separator: ",", omittingEmptySubsequences: false) {
            if host.hasPrefix("["), let close = host.firstIndex(of: "]") {
                names.append(host[host.index(after: host.startIndex)..<close])
                ports.append(host[close...].dropFirst().drop { $0 == ":" })
            } else {
                let name = host.prefix { $0 != ":" }
                names.append(name)
                ports.append(host[name.endIndex...].dropFirst())
            }
        }
        try set("host", Substring(names.joined(separator: ",")))
        if ports.contains(where: { !$0.isEmpty }) { try set("port", Substring(ports.joined(separator: ","))) }

        rest = rest[hosts.endIndex...]
        if rest.first == "/" {
            let name = rest.dropFirst().prefix { $0 != "?" }
            try set("dbname", name)
            rest = rest[name.endIndex...]
        }
        for option in rest.dropFirst().split(separator: "&", omittingEmptySubsequences: false) where !rest.isEmpty {
            let pair = option.split(separator: "=", omittingEmptySubsequences: false)
            guard pair.count == 2, let keyword = percentDecoded(pair[0]) else {
                throw Fault(reason: "has an option after the ? that is not name=value", remedy: encoding)
            }
            try set(keyword, pair[1])
        }
        return found
    }

    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            let areDigits = digits.count == 2 && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
            guard areDigits, let value = UInt8(String(Substring(digits)), radix: 16), value != 0 else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func pairs(_ text: String) throws(Fault) -> [String: String] {
        let broken = Fault(
            reason: "is not a list of name=value",
            remedy: "A value with blanks stands in single quotes, and \\ comes before a ' or \\ in a value.")
        var found: [String: String] = [:]
        var rest = Substring(text)
        let isBlank = { (character: Character) in character.isWhitespace }
        while true {
            rest = rest.drop(while: isBlank)
            if rest.isEmpty { return found }
            let keyword = rest.prefix { $0 != "=" && !$0.isWhitespace }
            rest = rest[keyword.endIndex...].drop(while: isBlank)
            guard rest.popFirst() == "=", !keyword.isEmpty else { throw broken }
            rest = rest.drop(while: isBlank)
            let isQuoted = rest.first == "'"
            if isQuoted { rest.removeFirst() }
            var value = "", isClosed = !isQuoted
            while let character = rest.first {
                if isQuoted ? character == "'" : character.isWhitespace {
                    isClosed = true
                    if isQuoted { rest.removeFirst() }
                    break
                }
                rest.removeFirst()
                if character == "\\" {
                    if let escaped = rest.popFirst() { value.append(escaped) }
                } else {
                    value.append(character)
                }
            }
            guard isClosed else { throw broken }
            found[String(keyword)] = value
        }
    }
}
