extension SettingDefinition {
    /// From the notification to the written vector.
    static let pipeline: [SettingDefinition] = [
        SettingDefinition(
            key: "batch.rows", kind: .number(1...10_000), defaultText: "50",
            documentation: """
                The most rows of a batch of new rows: they are read, embedded and written together. A larger batch \
                costs less a row and delays the first row longer. Where nobody waits for a single row, in a backlog, a \
                batch has 250, or as many as stand here where that is more.
                """,
            defaultNote: "Defaults to 50; with openai and cohere, to remote.inputs, 500 at most.",
            changesLive: true, flag: "--batch-rows", otherVariables: ["BATCH_SIZE"]),
        SettingDefinition(
            key: "batch.bytes", kind: .size(1_024...1_073_741_824), defaultText: "1MiB",
            documentation: """
                The most bytes of text that the embedder is given at once: a batch with more is embedded in several \
                calls, and a single longer text is a call of its own. What a batch holds is bounded by its rows and by \
                limits.textBytes.
                """,
            changesLive: true),
        SettingDefinition(
            key: "batch.quiet", kind: .duration(.zero ... .seconds(60)), defaultText: "25ms",
            documentation: """
                How long nothing must have arrived before a batch that is not full sets off. This is what a single \
                row waits on an idle daemon.
                """,
            changesLive: true),
        SettingDefinition(
            key: "batch.longest", kind: .duration(.zero ... .seconds(600)), defaultText: "250ms",
            documentation: """
                How long the first row of a batch waits at the most while others keep arriving. Not shorter than \
                batch.quiet.
                """,
            changesLive: true),
        SettingDefinition(
            key: "batch.inFlight", kind: .number(1...64), defaultText: "4",
            documentation: """
                How many batches of one table may be on their way at once: while one is embedded, the next is read. \
                Memory grows with it.
                """,
            defaultNote: "Defaults to 4; with openai and cohere, to two more than remote.requestsInFlight.",
            changesLive: true),
        SettingDefinition(
            key: "listen.heartbeat", kind: .duration(.seconds(1) ... .seconds(600)), defaultText: "10s",
            documentation: """
                How often the listener asks the server whether it still listens and whether a row is pending that no \
                notification told of. No row is found later than this, and where writers notify, an idle daemon asks \
                nothing more often.
                """,
            changesLive: true),
        SettingDefinition(
            key: "listen.deadline", kind: .duration(.milliseconds(100) ... .seconds(600)), defaultText: "10s",
            documentation: """
                How long the answer to the heartbeat may take before the connection counts as lost and is made anew.
                """,
            changesLive: true),
        SettingDefinition(
            key: "notify", kind: .choice(Settings.Notify.allCases.map(\.rawValue)), defaultText: "ids",
            documentation: """
                What the triggers that "backfilld setup" installs send when rows change: "ids", the keys of new rows, \
                so that the daemon needs no scan; "wake", a bare wake-up; "off", nothing, and the daemon looks once a \
                second: for PREPARE TRANSACTION, and for the subscribers of a logical replication. It takes effect \
                with "backfilld setup". A writer sends nothing while a daemon is busy with the table.
                """,
            defaultNote: """
                Defaults to what set-up recorded before; at first to "ids", or to "off" where \
                max_prepared_transactions is over 0.
                """),
        SettingDefinition(
            key: "limits.textBytes", kind: .size(16...67_108_864), defaultText: "64KiB",
            documentation: """
                The longest text of a row that is given to the embedder. A longer one is cut at the end of a character \
                and counted as cut.
                """),
        SettingDefinition(
            key: "limits.rowsPerSecond", kind: .number(1...1_000_000), defaultText: nil,
            documentation: """
                The most rows that are embedded in a second, all tables together, so that a great backlog leaves the \
                server time for others. Daemons beside each other have one each.
                """,
            defaultNote: "Defaults to as many as go.", changesLive: true),
        SettingDefinition(
            key: "retry.first", kind: .duration(.milliseconds(10) ... .seconds(3_600)), defaultText: "5s",
            documentation: """
                How long a failed batch waits before it is tried again. Every further time it waits longer.
                """,
            changesLive: true),
        SettingDefinition(
            key: "retry.longest", kind: .duration(.milliseconds(10) ... .seconds(86_400)), defaultText: "5min",
            documentation: "The longest wait between two attempts. Not shorter than retry.first.",
            changesLive: true),
        SettingDefinition(
            key: "retry.attempts", kind: .number(1...1_000), defaultText: "5",
            documentation: """
                How often a row that fails by its own fault is tried before it is set aside. Failures of the database \
                or of a provider are charged to no row.
                """,
            changesLive: true),
    ]

    /// The process: what it says and how it ends.
    static let service: [SettingDefinition] = [
        SettingDefinition(
            key: "log.level", kind: .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
            defaultText: "info",
            documentation: """
                The least important messages that are logged. At info there are at most ten lines of batches in ten \
                seconds, then their sum, and nothing while idle.
                """,
            changesLive: true, flag: "--log-level"),
        SettingDefinition(
            key: "log.format", kind: .choice(Settings.LogFormat.allCases.map(\.rawValue)), defaultText: "auto",
            documentation: """
                "journal" sends structured entries to systemd's journal, "terminal" is coloured and made for reading, \
                "plain" is one line a message with a time. "auto" takes the first where standard error is the journal, \
                the second on a terminal, the third otherwise.
                """,
            flag: "--log-format"),
        SettingDefinition(
            key: "service.start", kind: .choice(Settings.Start.allCases.map(\.rawValue)), defaultText: "wait",
            documentation: """
                What a start does while the database is away. "wait" tries again until it is there, and lets the \
                service manager wait with it; "fail" ends at once, for the service manager to try again. A password \
                that is refused, a database or a table that is not there end it either way.
                """),
        SettingDefinition(
            key: "service.drain", kind: .duration(.zero ... .seconds(3_600)), defaultText: "20s",
            documentation: """
                How long a stop waits for the batches on their way. What is not finished by then is abandoned and done \
                by the next start: nothing is lost either way. Keep it under the unit's TimeoutStopSec.
                """,
            changesLive: true),
    ]
}
