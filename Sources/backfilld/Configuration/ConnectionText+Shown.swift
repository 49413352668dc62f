extension ConnectionText {
    /// The address for a person: host, port, database and user, and how the session is secured.
    ///
    /// Made from what may be shown, not by taking out what may not: a piece of a password where a
    /// host should be has no way in.
    var shown: String {
        guard let host = shown("host", Self.isHosts), let database = shown("dbname", Self.isName),
            let user = shown("user", Self.isName), let address = shown("hostaddr", Self.isHosts)
        else { return Secret.mask }
        let extras = Self.shownExtras.compactMap { keyword in
            shown(keyword, Self.isName).flatMap { $0.isEmpty ? nil : "\(keyword)=\($0)" }
        }
        let port = parameters["port"] ?? ""
        switch form {
        case .pairs:
            let pairs = [("host", host), ("hostaddr", address), ("port", port), ("dbname", database), ("user", user)]
            return (pairs.filter { !$0.1.isEmpty }.map { "\($0.0)=\($0.1)" } + extras).joined(separator: " ")
        case .uri:
            let names = host.split(separator: ",", omittingEmptySubsequences: false)
            let ports = port.split(separator: ",", omittingEmptySubsequences: false)
            let places = names.enumerated().map { index, name in
                let name = name.contains(":") ? "[\(name)]" : String(name)
                // One port stands for all hosts.
                let port = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
                return port.isEmpty ? name : "\(name):\(port)"
            }
            let before = user.isEmpty ? "" : "\(user)@"
            let after = extras.isEmpty ? "" : "?\(extras.joined(separator: "&"))"
            return "postgresql://\(before)\(places.joined(separator: ","))/\(database)\(after)"
        }
    }

    /// The address for a person, of a text that may not be one.
    static func shown(_ text: String) -> String {
        (try? ConnectionText(text))?.shown ?? Secret.mask
    }

    /// What to be warned of about this address.
    var warning: String? {
        let isPooler = (parameters["host"] ?? "").hasSuffix(".pooler.supabase.com")
        guard isPooler, parameters["port"] == "6543" else { return nil }
        return """
            port 6543 is Supabase's transaction pooler, through which no notification arrives: rows are found by \
            polling. Use the session pooler on port 5432.
            """
    }

    private func shown(_ keyword: String, _ isHarmless: (String) -> Bool) -> String? {
        let value = parameters[keyword] ?? ""
        return isHarmless(value) ? value : nil
    }

    /// Names of hosts, addresses and socket folders.
    private static func isHosts(_ text: String) -> Bool {
        text.split(separator: ",").allSatisfy { host in
            let allowed = host.first == "/" || host.first == "@" ? "/@._-" : ".-_:%"
            return host.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || allowed.contains($0) }
        }
    }

    private static func isName(_ text: String) -> Bool {
        text.allSatisfy { $0.isLetter || $0.isNumber || "_.-$".contains($0) }
    }

    private static let shownExtras = ["service", "sslmode", "target_session_attrs"]

    /// Every parameter of libpq's, up to version 18.
    static let keywords: Set<String> = [
        "host", "hostaddr", "port", "dbname", "user", "password", "passfile", "require_auth", "channel_binding",
        "connect_timeout", "client_encoding", "options", "application_name", "fallback_application_name", "keepalives",
        "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "replication", "gssencmode",
        "sslmode", "ssl", "requiressl", "sslnegotiation", "sslcompression", "sslcert", "sslkey", "sslpassword",
        "sslcertmode", "sslrootcert", "sslcrl", "sslcrldir", "sslsni", "requirepeer", "ssl_min_protocol_version",
        "ssl_max_protocol_version", "min_protocol_version", "max_protocol_version", "krbsrvname", "gsslib",
        "gssdelegation", "scram_client_key", "scram_server_key", "service", "servicefile", "target_session_attrs",
        "load_balance_hosts", "sslkeylogfile", "oauth_issuer", "oauth_client_id", "oauth_client_secret", "oauth_scope",
    ]
}
