import ArgumentParser
import Backfill
import Console
import Embedders
import Glibc
import PostgresClient
import SentenceEncoder

/// How a command ends that could not do its work: with a message for a person, and an exit code of sysexits(3) for a
/// script or a service manager.
enum Failure {
    static let usage = ExitCode(64)  // EX_USAGE
    static let data = ExitCode(65)  // EX_DATAERR
    static let unavailable = ExitCode(69)  // EX_UNAVAILABLE
    static let software = ExitCode(70)  // EX_SOFTWARE
    static let inputOutput = ExitCode(74)  // EX_IOERR
    static let temporary = ExitCode(75)  // EX_TEMPFAIL
    static let noPermission = ExitCode(77)  // EX_NOPERM
    static let configuration = ExitCode(78)  // EX_CONFIG

    /// The exit code that stands for an error.
    static func code(of error: any Error) -> ExitCode {
        switch error {
        case let code as ExitCode: code
        case is ConfigurationError, is ModelError, is ModelNotFound, is SessionNeeded, is RemoteSettingError:
            configuration
        case let error as EmbedderError: code(of: error)
        case is DayCeilingReached: temporary
        case ConsoleError.unavailable: temporary
        case ConsoleError.notPermitted: noPermission
        case is ConsoleError: configuration
        case let error as ModelAdditionError: error.exitCode
        case let problem as TableProblem:
            switch problem {
            case .notPermitted: noPermission
            case .lockNotObtained, .changedMeanwhile, .superseded, .reembedRunning: temporary
            default: configuration
            }
        case SearchProblem.tookTooLong: temporary
        case is SearchProblem: usage
        case let error as PostgresError: code(of: error)
        case is EmbeddingError: software
        default: software
        }
    }

    /// The exit code with which the service ends: what a person, a restore or a migration may yet put into the database is
    /// worth another start, while a configuration that is wrong stays wrong.
    static func serviceCode(of error: any Error) -> ExitCode {
        switch error as? TableProblem {
        case .tableMissing, .columnMissing, .notSetUp, .schemaTooOld: temporary
        default: (error as? PostgresError)?.hasState("3D000") ?? false ? temporary : code(of: error)
        }
    }

    /// Whether an error is about a database that is away and comes back by itself: nobody has to change anything.
    ///
    /// What libpq says has no SQLSTATE where the server said nothing; its words are those of the C locale.
    static func passes(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        if error.code == .deadlineExceeded || error.code == .connectionLost { return true }
        if error.sqlState != nil {
            // Starting up, shutting down, no resources left, a standby that may be promoted, a table that is being changed;
            // and what poolers say.
            return ["57", "53", "25006", "55P03", "08000", "08001", "08003", "08006"].contains(where: error.hasState)
        }
        return error.code == .connectionFailed && Self.away.contains(where: error.message.contains)
    }

    private static let away = [
        "Connection refused", "timeout expired", "Connection timed out", "No route to host", "Host is unreachable",
        "Network is unreachable", "Connection reset", "Broken pipe", "server closed the connection",
        "Temporary failure in name resolution", "failed: No such file or directory",
    ]

    /// The error of the operating system that says most nearly the same, for the service manager (`ERRNO=`, sd_notify(3)).
    static func errorNumber(for code: ExitCode) -> Int32 {
        switch code {
        case configuration, usage, data: EINVAL
        case noPermission: EACCES
        case unavailable: EHOSTUNREACH
        case temporary: EAGAIN
        default: EIO
        }
    }

    private static func code(of error: EmbedderError) -> ExitCode {
        switch error {
        case .refused: data
        case .unavailable: unavailable
        case .denied: noPermission
        case .limited: temporary
        }
    }

    private static func code(of error: PostgresError) -> ExitCode {
        // DDL on the table as a rule: it passes.
        if ["55P03", "40001", "40P01"].contains(where: error.hasState) { return temporary }
        if error.hasState("28") || error.hasState("42501") || error.isWithoutPassword { return noPermission }
        if error.hasState("3D000") || error.code == .misuse { return configuration }
        if error.hasState("25006") { return unavailable }
        if error.isConnectionFailure || error.code == .deadlineExceeded { return unavailable }
        // Too many connections, out of disk, shutting down: the server's state, not ours.
        if error.hasState("53") || error.hasState("57") { return unavailable }
        return software
    }

    /// What to tell a person: what happened, and what to do where that is known.
    static func message(for error: any Error) -> String {
        let text = "\(error)"
        guard let error = error as? PostgresError, !error.isInside else { return sentence(text) }
        if error.hasState("28P01") || error.hasState("28000") || error.isWithoutPassword {
            return text + ". Check user and password in DATABASE_URL, or the credential database-password."
        }
        if error.hasState("3D000") { return text + ". Check the database's name in DATABASE_URL." }
        if error.hasState("42501") {
            return text + ". Let the owner of the table run: backfilld setup --role NAME"
        }
        if error.hasState("53300") {
            return text + ". All connections that the server or this role may have are in use."
        }
        if error.code == .connectionFailed, error.sqlState == nil {
            return sentence(text)
                + " Check the address in DATABASE_URL, and that the server accepts connections from here."
        }
        if error.hasState("42703") || error.hasState("42P01") {
            return text + ". The table or the schema backfilld has changed: backfilld check says what to do."
        }
        if error.hasState("55P03") {
            return text
                + ". Somebody has the table locked, as for a change of its columns: try again when that is done."
        }
        if error.hasState("25006") {
            return text
                + ". Either the server is a standby: connect to the primary, with target_session_attrs=read-write; "
                + "or default_transaction_read_only is on for this role, the database or the server: set it off."
        }
        return sentence(text)
    }

    /// With a full stop, since more may follow.
    static func sentence(_ text: String) -> String {
        text.last.map { ".?!".contains($0) } ?? true ? text : text + "."
    }
}

/// Runs a command's work; an error becomes a message on standard error and the exit code that fits it.
func reportingFailures(_ work: () async throws -> Void) async throws(ExitCode) {
    do {
        try await work()
    } catch let code as ExitCode {
        throw code
    } catch {
        complain("backfilld: \(Failure.message(for: error))")
        throw Failure.code(of: error)
    }
}

/// Writes a line to standard error, as a terminal may be given it.
func complain(_ text: String) {
    var bytes = Array((terminalText(text) + "\n").utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if count > 0 { bytes = bytes.dropFirst(count) } else if errno != EINTR { return }
    }
}

extension PostgresError {
    /// Whether the server wants a password and there is none to give.
    fileprivate var isWithoutPassword: Bool { code == .connectionFailed && message.contains("no password supplied") }
}
