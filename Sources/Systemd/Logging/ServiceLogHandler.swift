import Logging

/// Where log entries go, and in which form. Called from any thread, and never waits long.
package protocol LogOutput: Sendable {
    /// Writes one entry.
    func write(_ entry: LogEntry)
}

/// A handler for swift-log that collects what belongs to an event and leaves the form to a ``LogOutput``.
package struct ServiceLogHandler: LogHandler {
    /// The logger's own metadata.
    package var metadata: Logger.Metadata = [:]
    /// Adds metadata of the current task.
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let output: any LogOutput
    private let threshold: LogThreshold
    private var ownLevel: Logger.Level?

    /// Makes the handler of one logger.
    ///
    /// - Parameters:
    ///   - label: The logger's label.
    ///   - output: Where its entries go.
    ///   - threshold: The level of all loggers that were given none of their own.
    ///   - metadataProvider: Adds metadata of the current task.
    package init(
        label: String, output: any LogOutput, threshold: LogThreshold, metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.label = label
        self.output = output
        self.threshold = threshold
        self.metadataProvider = metadataProvider
    }

    /// The level set on this logger, else that of all.
    package var logLevel: Logger.Level {
        get { ownLevel ?? threshold.level }
        set { ownLevel = newValue }
    }

    /// One piece of the logger's own metadata.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes an event with the metadata of the logger, the task and the call; the later of these win.
    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let explicit = event.metadata { all.merge(explicit) { $1 } }
        output.write(LogEntry(event, label: label, metadata: all))
    }
}
