import Console

extension SettingsDraft {
    /// The console's settings; nil where there is to be none.
    mutating func console() -> ConsoleSettings? {
        guard let listen = value("console.listen") else { return nil }
        let address: ListenAddress
        do throws(ListenAddress.Fault) {
            address = try ListenAddress(parsing: listen.value.description)
        } catch {
            report(
                ConfigurationProblem(
                    listen.origin, "console.listen is \(quoted(listen.value.description)), which \(error)",
                    remedy: "Write \"127.0.0.1:8787\", \"unix:/run/backfilld/console.sock\" or \"systemd\"."))
            return nil
        }
        var console = ConsoleSettings(listen: address, token: token(), tls: files())
        if case .list(let origins) = value("console.origins")?.value { console.origins = origins }
        for origin in console.origins where !isOrigin(origin) {
            report(
                ConfigurationProblem(
                    value("console.origins")?.origin ?? .builtIn,
                    "console.origins has \(quoted(origin)), which is no origin",
                    remedy: "Write scheme, host and port without a path: \"https://app.example.com\"."))
        }
        if !address.isLocal {
            if value("console.token") == nil {
                report(
                    ConfigurationProblem(
                        listen.origin,
                        "console.listen is \(address), which other machines reach, and there is no token",
                        remedy: "Set console.token, best as the credential console-token, or listen on 127.0.0.1."))
            }
            if console.tls == nil {
                warnings.append(
                    "\(listen.origin): console.listen is \(address) without TLS: the token and all texts can be read on their way"
                )
            }
        }
        console.limits.connections = number("console.connections")
        console.limits.requests = number("console.requests")
        console.limits.bodyBytes = number("console.bodyBytes")
        console.limits.header = duration("console.headerDeadline")
        console.limits.body = duration("console.bodyDeadline")
        console.limits.idle = duration("console.idle")
        console.limits.answer = duration("console.answerDeadline")
        return console
    }

    private mutating func token() -> BearerToken? {
        guard let given = value("console.token") else { return nil }
        if let token = BearerToken(given.value.description) { return token }
        report(
            ConfigurationProblem(
                given.origin,
                "console.token has less than \(BearerToken.shortest) characters, or others than letters, digits and signs of ASCII",
                remedy: "Make one: openssl rand -hex 24"))
        return nil
    }

    private mutating func files() -> TLSFiles? {
        let (certificate, key) = (value("console.certificate"), value("console.certificateKey"))
        if let certificate, let key {
            return TLSFiles(certificate: certificate.value.description, key: key.value.description)
        }
        if let one = certificate ?? key {
            report(
                ConfigurationProblem(
                    one.origin, "TLS wants both console.certificate and console.certificateKey",
                    remedy: "Set both, or neither."))
        }
        return nil
    }

    private func isOrigin(_ text: String) -> Bool {
        guard let mark = text.firstRange(of: "://") else { return false }
        let rest = text[mark.upperBound...]
        return !rest.isEmpty && !rest.contains("/") && !rest.contains(" ")
    }
}
