import CLibpq

extension PostgresError {
    /// What the server said in an error result.
    static func server(_ result: OpaquePointer, statement: String) -> PostgresError {
        func field(_ code: Character) -> String? {
            PQresultErrorField(result, Int32(code.asciiValue!)).map { String(cString: $0) }
        }
        let message = field("M") ?? String(cString: PQresultErrorMessage(result)).trimmedLine
        // Only libpq's own errors have no SQLSTATE, and it makes them up when the connection is gone.
        return PostgresError(
            field("C") == nil ? .connectionLost : .server, message, sqlState: field("C"), severity: field("V"),
            detail: field("D"),
            hint: field("H"), statement: statement, context: field("W"), routine: field("R"))
    }

    /// Why a connection could not be made, from libpq's message at verbosity `PQERRORS_VERBOSE`.
    ///
    /// libpq keeps no fields of an error that came before the session began, but at that verbosity the text has the
    /// SQLSTATE after the (translated) severity: `FATAL:  28P01: password authentication failed`.
    static func connecting(_ text: String) -> PostgresError {
        var sqlState: String?
        var lines: [String] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("LOCATION:") { continue }
            let parts = line.split(separator: ": ", maxSplits: .max, omittingEmptySubsequences: true)
            if let at = parts.firstIndex(where: { isSQLState($0.trimmedLine) }), at > 0 {
                sqlState = parts[at].trimmedLine
                lines.append((parts[..<at] + parts[(at + 1)...]).map { $0.trimmedLine }.joined(separator: ": "))
            } else {
                lines.append(String(line).trimmedLine)
            }
        }
        return PostgresError(
            .connectionFailed, lines.isEmpty ? "no connection could be made" : lines.joined(separator: "; "),
            sqlState: sqlState, severity: sqlState == nil ? nil : "FATAL")
    }

    /// Five of `0-9A-Z`, one of them a digit: no English word of a message looks like that.
    private static func isSQLState(_ text: String) -> Bool {
        text.utf8.count == 5 && text.utf8.contains { (48...57).contains($0) }
            && text.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
    }
}

extension StringProtocol {
    /// Without white space at either end.
    var trimmedLine: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
