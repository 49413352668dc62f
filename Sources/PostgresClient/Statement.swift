/// One SQL statement with its parameters.
package struct Statement: Sendable {
    /// The name under which it appears in errors; the SQL and the parameters never do.
    package let name: String
    /// The SQL, parameters as `$1`, `$2`, …
    package let sql: String
    /// The parameters, in order.
    package let parameters: [PostgresValue]
    /// Whether the server keeps its plan for the connection's life.
    package let prepared: Bool

    /// Names a statement.
    ///
    /// - Parameters:
    ///   - name: What errors call it, `write batch`.
    ///   - sql: One statement.
    ///   - parameters: Its parameters, in order.
    ///   - prepared: Set for a statement that runs often on the same connection.
    package init(_ name: String, _ sql: String, _ parameters: [PostgresValue] = [], prepared: Bool = false) {
        self.name = name
        self.sql = sql
        self.parameters = parameters
        self.prepared = prepared
    }
}

/// A notification that a session received.
package struct PostgresNotification: Sendable, Hashable {
    /// The channel it came on.
    package let channel: String
    /// What was sent: data from anybody who can connect.
    package let payload: String
}

/// An identifier, quoted for SQL whatever it contains.
package func quoteIdentifier(_ name: String) -> String {
    "\"" + name.doubling(UInt8(ascii: "\"")) + "\""
}

/// A string literal for SQL, safe whatever `standard_conforming_strings` says.
package func quoteLiteral(_ text: String) -> String {
    let quoted = text.doubling(UInt8(ascii: "'"))
    guard quoted.utf8.contains(UInt8(ascii: "\\")) else { return "'\(quoted)'" }
    return " E'" + quoted.doubling(UInt8(ascii: "\\")) + "'"
}

extension String {
    /// By bytes, as the server reads: a combining mark behind a quote makes another `Character` of the two.
    fileprivate func doubling(_ quote: UInt8) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count)
        for byte in utf8 {
            if byte == quote { bytes.append(quote) }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
