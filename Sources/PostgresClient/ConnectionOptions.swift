import CLibpq
import Glibc

/// Where and how to connect, in libpq's own words.
///
/// Everything libpq takes works: a URI or keyword string, the `PG*` variables, a service file, a password file, TLS
/// settings, several hosts with `target_session_attrs` (libpq documentation, "Parameter Key Words").
package struct ConnectionOptions: Sendable {
    /// A connection string, `postgresql://…` or `host=… dbname=…`; nil for the environment alone.
    package var conninfo: String?
    /// Parameters that override the connection string, by libpq's keywords.
    package var parameters: [String: String]
    /// Parameters for what neither the connection string nor `parameters` says, by libpq's keywords.
    package var fallbacks: [String: String]
    /// Shown in `pg_stat_activity` unless the connection string or `PGAPPNAME` name another.
    package var applicationName: String

    /// Describes a connection.
    package init(
        conninfo: String? = nil, parameters: [String: String] = [:], fallbacks: [String: String] = [:],
        applicationName: String = "backfilld"
    ) {
        self.conninfo = conninfo
        self.parameters = parameters
        self.fallbacks = fallbacks
        self.applicationName = applicationName
    }

    /// What a daemon wants of TCP where nobody says otherwise: a peer that is gone is found within 20 seconds, also
    /// while connecting, so that the next host of a list gets its turn.
    static let networkDefaults = [
        "connect_timeout": "10", "keepalives": "1", "keepalives_idle": "10", "keepalives_interval": "3",
        "keepalives_count": "3", "tcp_user_timeout": "20000",
    ]

    /// What the conninfo string itself says, by keyword.
    ///
    /// - Throws: ``PostgresError`` with code `misuse` where it does not parse; the message never quotes the string.
    func spelledOut() throws -> [String: String] {
        guard let conninfo, !conninfo.isEmpty else { return [:] }
        // A plain word is a database name to libpq, not a connection string.
        guard conninfo.contains("=") || conninfo.contains("://") else { return ["dbname": conninfo] }
        var problem: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(conninfo, &problem) else {
            // libpq's own message may quote the part that it stumbled over, which may be the password.
            PQfreemem(problem)
            throw PostgresError(
                .misuse,
                "the connection string does not parse; expected postgresql://user@host:port/database or "
                    + "host=… port=… dbname=… user=…, with special characters percent-encoded in the first form")
        }
        defer { PQconninfoFree(options) }
        return Self.values(of: options)
    }

    /// Keywords and values for `PQconnectStartParams`, later ones winning.
    func keywordsAndValues() throws -> [(String, String)] {
        let explicit = try fallbacks.merging(spelledOut()) { $1 }.merging(parameters) { $1 }
        var environment: [String: String] = [:]
        if let defaults = PQconndefaults() {
            environment = Self.values(of: defaults)
            PQconninfoFree(defaults)
        }
        var result: [(String, String)] = []
        // A service file is read by libpq later and fills gaps only, so that our defaults would hide what it says.
        if explicit["service"] == nil {
            for (keyword, value) in Self.networkDefaults.sorted(by: { $0.key < $1.key })
            where Self.isUnset(environment[keyword], keyword) { result.append((keyword, value)) }
        }
        result.append(("fallback_application_name", applicationName))
        result += explicit.sorted { $0.key < $1.key }
        result.append(("client_encoding", "UTF8"))
        return result
    }

    /// libpq's compiled-in default counts as unset: nobody asked for it.
    private static func isUnset(_ value: String?, _ keyword: String) -> Bool {
        guard let value else { return true }
        return keyword == "keepalives" && value == "1"
    }

    private static func values(of options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
        var result: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { result[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return result
    }
}
