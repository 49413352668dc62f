import Embedders
import PostgresClient

/// How far a reembed is that has begun and not ended.
package struct ReembedStatus: Sendable, Hashable, Encodable {
    /// Where the new vectors go.
    package let mode: ReembedRun.Mode
    /// How far it is.
    package let phase: ReembedRun.Phase
    /// The model that it embeds with.
    package let model: String
    /// In place: the model whose vectors those are that it has not come to yet.
    let oldModel: String?
    /// Where both models have the same name: what differs beside it, the old one's first.
    package let differences: [String]
    /// In place: the rows that took no new vector when it came to them, and keep the old model's.
    let failedRows: Int
    /// Some of their keys.
    package let failedKeys: [String]
    /// The share of rows that have a new vector, about, 0 to 1.
    package let share: Double
    /// When it began, ISO 8601 in UTC.
    let startedAt: String

    /// Looks it up; nil where none is under way, or where this role may not know.
    static func load(_ table: WatchedTable, on connection: PostgresConnection) async throws -> ReembedStatus? {
        let run: ReembedRun
        do {
            guard let found = try await ReembedRun.load(watch: table.watch, on: connection) else { return nil }
            run = found
        } catch let error as PostgresError where error.hasState("42501") {
            return nil
        }
        return ReembedStatus(
            mode: run.mode, phase: run.phase, model: run.identity.model, oldModel: run.old?.model,
            differences: run.old?.model == run.identity.model ? run.old?.differences(from: run.identity) ?? [] : [],
            failedRows: run.failedRows, failedKeys: run.failed.prefix(5).map(\.key.text),
            share: try await share(of: run, table, on: connection), startedAt: run.startedAt)
    }

    private static func share(
        of run: ReembedRun, _ table: WatchedTable, on connection: PostgresConnection
    ) async throws -> Double {
        guard let next = run.nextColumn else {
            return run.total == 0 ? 1 : min(Double(run.walked) / Double(run.total), 1)
        }
        do {
            let counts = try await TableStatus.Counts.load(
                WatchedTable(table, counting: next), index: "backfilld_pending_\(table.watch)_next", on: connection)
            return counts.rows == 0 ? 1 : Double(counts.rows - counts.pending) / Double(counts.rows)
        } catch let error as PostgresError where error.hasState("42703") || error.hasState("42501") {
            // The column was dropped by hand, or is not this role's to read: the run is there all the same.
            return 0
        }
    }

    private var oldName: String {
        let name = oldModel ?? "the old model"
        return differences.isEmpty ? name : "the one before (\(differences.joined(separator: "; ")))"
    }

    private var failedLine: String {
        let more = failedRows > failedKeys.count ? ", …" : ""
        return "\(failedRows) \(failedRows == 1 ? "row still has a vector" : "rows still have vectors") of \(oldName): "
            + "\(failedRows == 1 ? "key" : "keys") \(failedKeys.joined(separator: ", "))\(more)"
    }

    /// One line for people.
    package var line: String {
        let percent = { (share: Double) in "\(Int((share * 100).rounded(.down))) %" }
        switch (mode, phase) {
        case (.shadow, .filling):
            return "to \(model), \(percent(share)) of the rows have their new vector; search goes on in the old ones"
        case (.shadow, _): return "to \(model), filled; the new column's indexes are being built"
        case (.inPlace, .failed):
            return
                "in place to \(model); \(failedLine): mend what keeps them and run \"backfilld reembed\" again, or set "
                + "their embedding to NULL and run it again"
        case (.inPlace, _):
            return "in place to \(model); about \(percent(1 - share)) of the vectors are still of \(oldName)"
                + (failedRows > 0 ? "; \(failedLine)" : "")
        }
    }
}
