import Logging

/// One log event with everything that belongs to it, as an output gets it.
package struct LogEntry: Sendable {
    /// A piece of metadata, flat: a list gives a field for each element, a dictionary one for each key, `outer.inner`.
    package struct Field: Sendable, Hashable {
        /// The key, in camel case.
        package var key: String
        /// The value.
        package var value: String

        /// Names a value.
        package init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    /// How bad it is.
    package var level: Logger.Level
    /// What happened.
    package var message: String
    /// The circumstances, sorted by key.
    package var fields: [Field]
    /// The logger's label.
    package var label: String
    /// The source file, `Module/File.swift`.
    package var file: String
    /// The function.
    package var function: String
    /// The line.
    package var line: UInt

    /// The key whose value identifies the kind of event: `MESSAGE_ID=` of systemd.journal-fields(7).
    package static let messageID = "messageID"
    /// The key whose value names the kind of event, for those who read and filter fields.
    package static let event = "event"
}

extension LogEntry {
    init(_ event: LogEvent, label: String, metadata: Logger.Metadata) {
        self.init(
            level: event.level, message: event.message.description, fields: Self.flat(metadata), label: label,
            file: event.file, function: event.function, line: event.line)
        if let error = event.error {
            fields.append(Field("error", "\(error)"))
            fields.append(Field("errorType", String(reflecting: type(of: error))))
        }
    }

    static func flat(_ metadata: Logger.Metadata, under outer: String? = nil) -> [Field] {
        metadata.sorted { $0.key < $1.key }.flatMap { key, value in
            flat(value, key: outer.map { "\($0).\(key)" } ?? key)
        }
    }

    private static func flat(_ value: Logger.MetadataValue, key: String) -> [Field] {
        switch value {
        case .string(let text): [Field(key, text)]
        case .stringConvertible(let value): [Field(key, value.description)]
        case .array(let values): values.flatMap { flat($0, key: key) }
        case .dictionary(let metadata): flat(metadata, under: key)
        }
    }
}

extension LogEntry {
    /// `MESSAGE_ID=` of the entry that says how many were lost. It never changes.
    package static let entriesLostID = "15ba5953864b4388aaaddde078b43cc7"

    /// What an output tells that took no entries for a while.
    static func loss(_ entries: Int, because reason: String = "nobody took them") -> LogEntry {
        LogEntry(
            level: .warning, message: "\(entries) log entries were lost: \(reason)",
            fields: [
                Field(LogEntry.messageID, entriesLostID), Field(LogEntry.event, "entriesLost"),
                Field("lostEntries", "\(entries)"),
            ],
            label: "journal", file: #fileID, function: #function, line: #line)
    }
}
