import Embedders
import PostgresClient

/// What the pipelines of a daemon work with, all of them with the same.
struct PipelineParts: Sendable {
    /// Makes the vectors.
    let embedder: any Embedder
    /// Lends sessions.
    let pool: ConnectionPool
    /// Says which rows are ours.
    let claims: Claims
    /// Takes the steps of handshakes; nil where nobody notifies.
    var locks: PollingLocks?
    /// Limits all of them together.
    var ceiling: Ceiling?
    /// Who works, for `backfilld.failure`.
    var name: String
    /// Looks a table up again, and what may be done with it; nil where the first look has to do.
    var load: (@Sendable (TableSpec) async throws -> WatchedTable)?
    /// Looks up what vectors are recorded to be made with, where the table can be read at all.
    var recorded: (@Sendable (TableSpec) async throws -> EmbedderIdentity)?
    /// Looks whether all that set-up made is there.
    var survey: (@Sendable (TableSpec) async throws -> [TableProblem])?
    /// Hears how far batches are; called from any task, must return at once.
    var reached: @Sendable (Stage) -> Void = { _ in }
}

/// What a pipeline is about at one moment.
package struct PipelineCondition: Sendable, Hashable {
    /// Rows known to be pending and not begun.
    package var waiting: Int
    /// Rows in batches under way.
    package var working: Int
    /// Rows that wait for somebody's lock.
    package var held: Int
    /// Rows that failed and wait for their next attempt, as the ledger had them at the last scan.
    package var failing: Int
    /// Rows that have used up their attempts.
    package var setAside: Int
    /// For how long somebody has paused the table; nil where nobody has.
    package var pausedFor: Duration?
    /// Whether the table is polled at the moment, and not listened to.
    package var isPolling: Bool
    /// Whether another daemon has the table, and this one waits for its end.
    package var isStandby: Bool
    /// Whether it knows of nothing to do.
    var isIdle: Bool
    /// The failure that everything waits after.
    package var trouble: String?
    /// What set-up made and is not as it should be, while the table is filled all the same.
    package var flaw: String?
}

/// What a pipeline has to tell.
package enum PipelineEvent: Sendable {
    /// The loop went round.
    case progress
    /// The loop waits, for something to happen or for a time.
    case parked
    /// Nothing is left to do.
    case idle
    /// A scan brought keys; `isAll` where there was room for more.
    case scanned(found: Int, isAll: Bool)
    /// So many rows of a batch are a peer's.
    case contended(rows: Int)
    /// A session that is no daemon's, or that of one that is stopped, keeps this row from being claimed, for longer than a
    /// heartbeat.
    case obstructed(key: RowKey, by: RowClaim)
    /// The provider asks for fewer calls, or a ceiling of ours is reached, which `because` says; everything waits, as long as
    /// it says.
    case limited(Duration?, because: String? = nil)
    /// The table is another than before.
    case table(WatchedTable)
    /// What set-up made is not as it should be, though the table is filled; empty where it is again.
    case flaws([TableProblem])
    /// A batch came to its end.
    case batch(BatchReport, took: Duration)
    /// So many rows were charged with this failure for the first time, among them this one.
    case charged(rows: Int, key: RowKey, reason: String)
    /// A row has used up its attempts.
    case setAside(key: RowKey, reason: String)
    /// A batch or scan failed for a reason that is no row's own; everything waits.
    case trouble(any Error)
    /// Things go well again.
    case recovered
}
