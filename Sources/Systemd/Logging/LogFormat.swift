import Glibc
import Logging

/// The form of the log, as a person configures it.
package enum LogFormat: String, Sendable, Hashable, CaseIterable {
    /// What suits standard error: the journal, a terminal, anything else.
    case auto
    /// Structured entries for systemd-journald.
    case journal
    /// Readable lines for a terminal, with colours where it has them.
    case terminal
    /// Lines for a file, a pipe or another collector.
    case plain

    /// What `auto` comes to.
    ///
    /// - Parameters:
    ///   - journal: Whether standard error leads to the journal.
    ///   - terminal: Whether standard error is a terminal.
    package func resolved(journal: Bool, terminal: Bool) -> LogFormat {
        guard self == .auto else { return self }
        return journal ? .journal : terminal ? .terminal : .plain
    }

    /// The output in this form, for this process and its standard error.
    ///
    /// `journal` where no journal listens becomes `plain`, with a warning as its first line.
    ///
    /// - Parameter identifier: `SYSLOG_IDENTIFIER=`, and in capitals the prefix of journal fields.
    package func output(identifier: String) -> any LogOutput {
        let toJournal = journalIsStandardError()
        // Under the journal plain lines carry their priority in front, and journald knows the time.
        let plain = PlainOutput(stamp: toJournal ? .priority : .time)
        switch resolved(journal: toJournal, terminal: isatty(STDERR_FILENO) == 1) {
        case .terminal:
            return TerminalOutput(colours: hasColours(STDERR_FILENO))
        case .journal:
            guard let socket = JournalSocket() else {
                plain.write(LogEntry(warning: "there is no journal to log to; logging to standard error", identifier))
                return plain
            }
            return JournalOutput(socket: socket, identifier: identifier)
        case .plain, .auto:
            return plain
        }
    }

    /// Makes the handlers of all loggers, for `LoggingSystem.bootstrap(_:metadataProvider:)`.
    ///
    /// - Parameters:
    ///   - identifier: As for ``output(identifier:)``.
    ///   - threshold: The level of every logger that is given none of its own.
    package func handlers(
        identifier: String, threshold: LogThreshold
    ) -> @Sendable (_ label: String, _ provider: Logger.MetadataProvider?) -> any LogHandler {
        let output = output(identifier: identifier)
        return { ServiceLogHandler(label: $0, output: output, threshold: threshold, metadataProvider: $1) }
    }
}

/// Whether a descriptor is the stream that systemd connected to the journal: `$JOURNAL_STREAM`, systemd.exec(5).
///
/// - Parameters:
///   - stream: The variable's value, `device:inode`.
///   - descriptor: An open descriptor.
func isJournalStream(_ stream: String?, descriptor: Int32) -> Bool {
    var status = stat()
    guard let stream, fstat(descriptor, &status) == 0 else { return false }
    return stream == "\(status.st_dev):\(status.st_ino)"
}

/// Whether this process's standard error leads to the journal.
package func journalIsStandardError() -> Bool {
    isJournalStream(environmentVariable("JOURNAL_STREAM"), descriptor: STDERR_FILENO)
}

/// Whether a descriptor takes colours: a terminal that is not `dumb`, and no `$NO_COLOR` (no-color.org).
package func hasColours(_ descriptor: Int32) -> Bool {
    isatty(descriptor) == 1 && environmentVariable("TERM") != "dumb"
        && (environmentVariable("NO_COLOR") ?? "").isEmpty
}

extension LogEntry {
    fileprivate init(warning message: String, _ label: String) {
        self.init(
            level: .warning, message: message, fields: [], label: label, file: #fileID, function: #function,
            line: #line)
    }
}
