/// How the console listens, whom it answers, and how much of anything it takes.
package struct ConsoleSettings: Sendable, Equatable {
    /// Where it listens.
    package var listen: ListenAddress
    /// What a caller has to know; nil where everybody who can connect may ask.
    package var token: BearerToken?
    /// Web pages of these origins may ask, beside its own.
    package var origins: [String]
    /// Paths of the certificate chain and of its key, in PEM; nil for plain HTTP.
    package var tls: TLSFiles?
    /// How much it takes.
    package var limits: ConsoleLimits

    /// Sets it up.
    package init(
        listen: ListenAddress, token: BearerToken? = nil, origins: [String] = [], tls: TLSFiles? = nil,
        limits: ConsoleLimits = ConsoleLimits()
    ) {
        self.listen = listen
        self.token = token
        self.origins = origins
        self.tls = tls
        self.limits = limits
    }
}

/// The files that TLS needs.
package struct TLSFiles: Sendable, Equatable {
    /// The certificate, and those that lead to the authority, in PEM.
    package var certificate: String
    /// Its key, in PEM.
    package var key: String

    /// Names them.
    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// How much of anything the console takes, so that no caller costs the daemon more than this.
package struct ConsoleLimits: Sendable, Equatable {
    /// Connections at once; a new one takes the place of the one that has rested longest, or is closed where none rests.
    package var connections = 256
    /// Requests that are worked on at once; more are told to come back.
    package var requests = 128
    /// Bytes of a request's line and header fields.
    var headerBytes = 16 << 10
    /// Bytes of a request's body.
    package var bodyBytes = 1 << 20
    /// How long the first request of a connection may take to name what it wants.
    package var header = Duration.seconds(5)
    /// How long a body may take.
    package var body = Duration.seconds(10)
    /// How long a connection may rest between two requests.
    package var idle = Duration.seconds(60)
    /// How long an answer may take to begin, and how long a caller may not read of it.
    package var answer = Duration.seconds(60)
    /// How long `upsert-embeddings` waits for rows to be embedded.
    package var upsert = Duration.seconds(30)
    /// How long a search may take.
    package var search = Duration.seconds(10)
    /// How long a stop waits for requests under way.
    package var grace = Duration.seconds(5)

    /// The defaults.
    package init() {}
}

/// A secret that callers send with each request; its value is in no description.
package struct BearerToken: Sendable, Equatable, CustomStringConvertible {
    private let bytes: [UInt8]

    /// A shorter one could be guessed.
    package static let shortest = 16

    /// A token; nil where it is too short, or has characters that no header field can carry as they are.
    package init?(_ text: String) {
        guard text.utf8.count >= Self.shortest, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
        bytes = Array(text.utf8)
    }

    /// Whether a caller has sent it, in a time that does not depend on where the two differ.
    func matches(_ given: some Collection<UInt8>) -> Bool {
        var difference: UInt8 = bytes.count == given.count ? 0 : 1
        for (place, byte) in given.enumerated() { difference |= byte ^ bytes[place % bytes.count] }
        return difference == 0
    }

    /// Never the token.
    package var description: String { "<redacted>" }
}
