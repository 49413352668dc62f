import Logging
import Systemd

extension ConfigurationError {
    /// Tells what is wrong before there are settings to log by.
    ///
    /// Where standard error is the journal it is one entry, whatever `log.format` may be: with an id, that a person can be
    /// explained, with a priority, and with its lines kept together. Anywhere else it is text.
    ///
    /// - Parameter event: What it is in the journal; nil for text there, too.
    func tell(as event: JournalEvent?) {
        guard let event, journalIsStandardError() else { return complain(description) }
        let handlers = LogFormat.journal.handlers(identifier: "backfilld", threshold: LogThreshold(.info))
        let logger = Logger(label: "backfilld", factory: handlers)
        logger.tell(event, "\(description)", [.exitStatus: "\(Self.exitCode)", .place: .array(places)])
    }

    /// Where something is wrong: each place once, in the order of the problems.
    var places: [Logger.MetadataValue] {
        var seen: Set<String> = []
        return problems.map(\.place).filter { seen.insert($0).inserted }.map { "\($0)" }
    }
}
