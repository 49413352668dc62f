extension SettingDefinition {
    /// The HTTP listener.
    static let console: [SettingDefinition] = [
        SettingDefinition(
            key: "console.listen", kind: .text, defaultText: nil,
            documentation: """
                Where the console listens: health, metrics, vectors and search over HTTP, and a page. \
                "127.0.0.1:8787" is for this machine alone, "[::1]:8787" too; "unix:/run/backfilld/console.sock" is \
                a socket in the file system; "systemd" takes what backfilld-console.socket has opened. Any other \
                address wants console.token, and should have TLS. Every user of this machine can connect to any of them.
                """,
            defaultNote: "Defaults to nowhere: there is no console."),
        SettingDefinition(
            key: "console.token", kind: .text, defaultText: nil,
            documentation: """
                What callers have to send, as "Authorization: Bearer TOKEN", for everything but the page itself, \
                /healthz and /readyz; at least 16 characters. The credential console-token (systemd's \
                LoadCredential=) is the place for it.
                """,
            defaultNote: "Defaults to none: everybody who can connect may ask.", isSecret: true, changesLive: true),
        SettingDefinition(
            key: "console.origins", kind: .list, defaultText: nil,
            documentation: """
                Web pages of these origins may ask the console from a browser (CORS), beside its own page.
                """,
            defaultNote: "Defaults to none.", changesLive: true),
        SettingDefinition(
            key: "console.certificate", kind: .text, defaultText: nil,
            documentation: "A file of the certificate chain (PEM), for HTTPS. It is read at the start.",
            defaultNote: "Defaults to none: plain HTTP."),
        SettingDefinition(
            key: "console.certificateKey", kind: .text, defaultText: nil,
            documentation: "The file of the certificate's key (PEM), which the daemon's user has to be able to read.",
            defaultNote: "Defaults to none."),
        SettingDefinition(
            key: "console.connections", kind: .number(1...10_000), defaultText: "256",
            documentation: "Connections at once, at most; a new one takes the place of one that rests."),
        SettingDefinition(
            key: "console.requests", kind: .number(1...10_000), defaultText: "128",
            documentation: """
                Requests that are worked on at once, at most; more are answered with 503 and told to come back. Health \
                and metrics are always answered.
                """),
        SettingDefinition(
            key: "console.bodyBytes", kind: .size(1_024...67_108_864), defaultText: "1MiB",
            documentation: "The largest body of a request; a larger one is answered with 413."),
        SettingDefinition(
            key: "console.headerDeadline", kind: .duration(.milliseconds(100) ... .seconds(600)), defaultText: "5s",
            documentation: "How long a connection may take until its first request has said what it wants."),
        SettingDefinition(
            key: "console.bodyDeadline", kind: .duration(.milliseconds(100) ... .seconds(600)), defaultText: "10s",
            documentation: "How long the body of a request may take, from its head to its last byte."),
        SettingDefinition(
            key: "console.idle", kind: .duration(.milliseconds(100) ... .seconds(3_600)), defaultText: "60s",
            documentation: "How long a connection may rest between two requests."),
        SettingDefinition(
            key: "console.answerDeadline", kind: .duration(.seconds(1) ... .seconds(3_600)), defaultText: "60s",
            documentation: "How long an answer may take to begin, and how long a caller may stop reading it."),
    ]
}
