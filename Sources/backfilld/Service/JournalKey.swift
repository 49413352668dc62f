import Logging
import Systemd

/// The daemon's own fields of journal entries; `silentMs` is `BACKFILLD_SILENT_MS` there.
enum JournalKey: String, CaseIterable, Sendable {
    /// Where something listens.
    case address
    /// How many tries failed.
    case attempts
    /// How long it was away, in milliseconds.
    case awayMs
    /// How many batches.
    case batches
    /// What a stuck loop did.
    case doing
    /// Which embedder.
    case embedder
    /// The exit status of the process.
    case exitStatus
    /// How many rows failed.
    case failed
    /// A row's primary key.
    case key
    /// How many batches the encoder computes side by side.
    case lanes
    /// How long it may take, in milliseconds.
    case limitMs
    /// A loop that the watchdog knows.
    case loop
    /// How many entries the journal did not take.
    case lostEntries
    /// Which model.
    case model
    /// How long it took, in milliseconds.
    case ms
    /// How many rows wait for their vectors.
    case pending
    /// Where a configuration is wrong: file and line, variable, credential or option; once for each place.
    case place
    /// What the encoder computes with.
    case precision
    /// The kind of a table's problem, as `backfilld check --json` names it.
    case problem
    /// How full the server's notification queue is, in per cent.
    case queueUsage
    /// How often the same happened since it was last told.
    case repeated
    /// In how long the same happened again, in milliseconds.
    case repeatedMs
    /// How many rows.
    case rows
    /// A setting's key.
    case setting
    /// Several settings' keys.
    case settings
    /// For how long a loop has got no further, in milliseconds.
    case silentMs
    /// The server's error code.
    case sqlState
    /// The loop that a killed process hung in, for how long, and what it did.
    case stuck
    /// A table with its schema.
    case table
    /// Several tables, as the configuration names them.
    case tables
    /// The release.
    case version
    /// How long it waits before it tries again, in milliseconds.
    case waitMs
}

extension Logger {
    /// Tells of an event, with its id and its level.
    ///
    /// Where a field is missing that the event always has, a debug build stops: the catalog's text would have a hole.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - message: What happened, in words that make sense without the fields.
    ///   - fields: The fields of the event, and others.
    ///   - asRepeat: Whether the same has been told before, and is for those who look closely.
    func tell(
        _ event: JournalEvent, _ message: @autoclosure () -> Logger.Message,
        _ fields: [JournalKey: Logger.MetadataValue] = [:], asRepeat: Bool = false, file: String = #fileID,
        function: String = #function, line: UInt = #line
    ) {
        assert(event.fields.isSubset(of: fields.keys), "\(event) without \(event.fields.subtracting(fields.keys))")
        var metadata: Logger.Metadata = [LogEntry.messageID: "\(event.id)", LogEntry.event: "\(event.name)"]
        for (key, value) in fields { metadata[key.rawValue] = value }
        log(
            level: asRepeat ? .debug : event.level, message(), metadata: metadata, file: file, function: function,
            line: line)
    }
}

extension Duration {
    /// For fields: whole milliseconds.
    var inMilliseconds: Logger.MetadataValue {
        "\(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)"
    }
}
