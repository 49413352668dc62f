/// The fields of HTTP that configuration adds to each request.
enum RequestFields {
    /// What would make another request of it, or is told by the transport.
    private static let reserved: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "content-type", "accept-encoding", "expect",
        "upgrade",
        "te", "trailer",
    ]

    /// Looks at names and values. No error quotes a value, which may be a key.
    static func check(_ fields: [(name: String, value: String)]) throws(RemoteSettingError) {
        for (name, value) in fields {
            let shown = name.prefix(40)
            guard !name.isEmpty, name.utf8.allSatisfy({ isToken($0) }) else {
                throw RemoteSettingError("remote.headers", "has a name that is no name of a field of HTTP")
            }
            guard !reserved.contains(name.lowercased()) else {
                throw RemoteSettingError("remote.headers", "has '\(shown)', which is not for configuration to set")
            }
            guard value.utf8.allSatisfy({ 0x20...0x7e ~= $0 || $0 == 0x09 }) else {
                throw RemoteSettingError(
                    "remote.headers", "has a value for '\(shown)' with a character that can't be sent")
            }
        }
    }

    /// The key that a field names, where one does.
    static func credential(in fields: [(name: String, value: String)]) -> RemoteKey? {
        let names: Set<String> = ["authorization", "api-key", "x-api-key", "x-goog-api-key", "apikey"]
        let field = fields.first { names.contains($0.name.lowercased()) }
        // Behind the name of its kind: "Bearer KEY".
        return field?.value.split(separator: " ").last.flatMap { try? RemoteKey(String($0)) }
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// What every request has.
    static let always: [(name: String, value: String)] = [
        ("content-type", "application/json"), ("accept", "application/json"), ("user-agent", "backfilld"),
        // Without it any coding may come (RFC 9110, 12.5.3), and packing floats saves little and costs more than reading.
        ("accept-encoding", "identity"),
    ]
}
