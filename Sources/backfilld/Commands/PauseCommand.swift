import ArgumentParser
import Backfill
import PostgresClient

/// `backfilld pause`.
struct PauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Let no more rows of a table be embedded, until it is resumed.",
        discussion: """
            For all daemons, and across their restarts: it is kept in the database. Batches under way are finished. \
            Writers go on as ever, and their rows stay pending. A reembed is not held up.
            """)

    @OptionGroup var options: SettingOptions
    @OptionGroup var table: TableArgument

    func run() async throws {
        try await change(table, options, isPaused: true)
    }
}

/// `backfilld resume`.
struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let the rows of a paused table be embedded again.",
        discussion: "Daemons that are connected begin at once with what became pending meanwhile.")

    @OptionGroup var options: SettingOptions
    @OptionGroup var table: TableArgument

    func run() async throws {
        try await change(table, options, isPaused: false)
    }
}

private func change(_ table: TableArgument, _ options: SettingOptions, isPaused: Bool) async throws {
    let settings = try table.settings(options)
    try await reportingFailures {
        let assembly = try Assembly(settings)
        let connection = try await assembly.sessions.open(deadline: settings.listen.deadline)
        for table in try await assembly.watchedTables(on: connection) {
            // Counted before: a daemon that is told to go on does so at once.
            let status = try await TableStatus.load(table, on: connection)
            let isChanged = try await Pause.set(isPaused, table, on: connection)
            print(changeLine(status, isPaused: isPaused, isChanged: isChanged))
        }
        await connection.close()
    }
}

/// What `pause` and `resume` say of a table.
func changeLine(_ status: TableStatus, isPaused: Bool, isChanged: Bool) -> String {
    let pending = "\(status.pendingIsExact ? "" : "≈ ")\(status.pending.grouped)"
    let rows = status.pending == 1 ? "row is" : "rows are"
    switch (isPaused, isChanged) {
    case (true, true): return "\(status.table): paused; \(pending) \(rows) pending. To go on: backfilld resume"
    case (true, false): return "\(status.table): paused already, \(status.paused?.line ?? "just now")"
    case (false, true):
        let isWatched = status.daemons.contains { $0.state != "gone" }
        return "\(status.table): resumed; \(pending) \(rows) pending"
            + (isWatched || status.pending == 0 ? "" : ", and no daemon is connected to take them")
    case (false, false): return "\(status.table): not paused"
    }
}
