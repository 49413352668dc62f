/// Why a call on a connection failed.
///
/// `description` may go into a log: it has the statement's name and what the server said, but never a parameter, a
/// connection string, or a message in which the server quotes a value of a row. `debugDescription` has all of it.
package struct PostgresError: Error, Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// What kind of failure it was.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Base: String { case server, connectionFailed, connectionLost, deadlineExceeded, decoding, misuse }
        private let base: Base

        /// The server answered with an error; `sqlState` says which.
        package static let server = Code(base: .server)
        /// No connection could be made.
        package static let connectionFailed = Code(base: .connectionFailed)
        /// The connection broke; whether the statement took effect is not known.
        package static let connectionLost = Code(base: .connectionLost)
        /// The deadline passed; the server was asked to cancel.
        package static let deadlineExceeded = Code(base: .deadlineExceeded)
        /// A value in a result is not of the type it was asked as.
        package static let decoding = Code(base: .decoding)
        /// The call itself was wrong: a connection string that does not parse, too many parameters.
        package static let misuse = Code(base: .misuse)

        /// Its name.
        package var description: String { base.rawValue }
    }

    /// What kind of failure it was.
    package let code: Code
    /// The five characters of SQLSTATE, where the server gave one ("Appendix A. PostgreSQL Error Codes").
    package let sqlState: String?
    /// `ERROR`, `FATAL` or `PANIC`, never translated.
    package let severity: String?
    /// The primary message, one line as a rule.
    package let message: String
    /// The server's DETAIL.
    ///
    /// May quote values of a row (a unique violation does), so it is not part of `description`.
    package let detail: String?
    /// The server's HINT.
    package let hint: String?
    /// The name of the statement that failed.
    package let statement: String?
    /// Where it happened, where that was inside a function of the database: `function touch() line 3`.
    package let place: String?
    /// Whether a function of the database raised it in words of its own.
    package let isRaised: Bool
    /// Whether it came of something that a function, or another statement within this one, did.
    package let isInside: Bool

    init(
        _ code: Code, _ message: String, sqlState: String? = nil, severity: String? = nil, detail: String? = nil,
        hint: String? = nil, statement: String? = nil, context: String? = nil, routine: String? = nil
    ) {
        self.code = code
        self.sqlState = sqlState
        self.severity = severity
        self.message = message
        self.detail = detail
        self.hint = hint
        self.statement = statement
        isRaised = routine == "exec_stmt_raise"
        isInside = context != nil
        place = context.flatMap(Self.place)
    }

    /// `function touch() line 3` of a context's line `PL/pgSQL function touch() line 3 at RAISE`, which names no value; its
    /// other lines may quote data.
    private static func place(in context: String) -> String? {
        context.split(whereSeparator: \.isNewline).lazy.compactMap { line in
            let words = line.split(separator: " ")
            guard line.hasPrefix("PL/pgSQL function "), let end = words.firstIndex(where: { $0.hasSuffix(")") }),
                words.count > end + 2, words[end + 1] == "line"
            else { return nil }
            let function = line.dropFirst("PL/pgSQL function ".count).prefix { $0 != "(" }
            return "function \(function)() line \(words[end + 2].prefix(while: \.isNumber))"
        }.first
    }

    /// Whether the server answered with this SQLSTATE, or one of this class when two characters are given.
    package func hasState(_ state: String) -> Bool {
        sqlState.map { state.utf8.count == 2 ? $0.hasPrefix(state) : $0 == state } ?? false
    }

    /// Whether the connection it happened on is of no more use. A function may raise whatever it likes and harm no connection.
    package var isConnectionFailure: Bool {
        code == .connectionFailed || code == .connectionLost || severity == "FATAL" || severity == "PANIC"
            || hasState("08") && !isInside
    }

    /// Whether the message may quote a row's value: data exceptions (`invalid input syntax for type uuid: "…"`), and whatever
    /// an owner's function raises or meets, unless it is the server's own state that it meets.
    private var quotesData: Bool {
        if ["22", "38", "39", "P0"].contains(where: hasState) { return true }
        return isRaised
            || isInside && !["08", "23", "25", "28", "40", "53", "54", "55", "57", "58"].contains(where: hasState)
    }

    /// What may go into a log.
    package var description: String {
        var text =
            quotesData
            ? place.map { "an error in \($0)" } ?? "an error in the data, or raised by a function of the database"
            : message
        if let sqlState { text += " (SQLSTATE \(sqlState))" }
        if let statement { text += " in \(statement)" }
        if let hint, !quotesData { text += ". Hint: \(hint)" }
        return text
    }

    /// All of it, for a person who may see the data.
    package var debugDescription: String {
        let parts = [message, sqlState.map { "SQLSTATE \($0)" }, detail, hint, statement.map { "in \($0)" }]
        return parts.compactMap { $0 }.joined(separator: "; ")
    }
}
