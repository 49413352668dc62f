import Backfill
import Console
import Logging
import SentenceEncoder

/// The effective settings: read from every source, checked, and typed.
struct Settings: Sendable {
    /// The local embedder's settings.
    struct Local: Sendable, Equatable {
        /// A name, or a path with a "/" in it.
        var model: String
        /// Nil for the best that the processor has.
        var precision: Precision?
        /// Nil for as many as the process may use processors.
        var lanes: Int?
        var longTexts: LongTexts
        /// Nil for what the model's folder says.
        var passagePrompt: String?
        var queryPrompt: String?
    }

    /// The hash embedder's settings.
    struct Hash: Sendable, Equatable {
        var dimension: Int
    }

    /// The database.
    struct Database: Sendable, Equatable {
        /// The address; nil where libpq's own variables say it all.
        var url: Secret?
        var password: Secret?
        var connections: Int
        var applicationName: String
        var pooler: PoolerMode
        /// What to hand to `PQconnectStartParams` with `expand_dbname`, in this order.
        var parameters: [ConnectionParameter]
    }

    /// A parameter for libpq; its value is a secret, as it may be an address with a password in it.
    struct ConnectionParameter: Sendable, Equatable {
        let keyword: String
        let value: Secret
    }

    /// A table to watch. The names are as configured, with SQL quotes where they were given.
    struct Table: Sendable, Equatable {
        /// What the text of a row is made from.
        enum Text: Sendable, Equatable {
            case columns([String])
            case template(String)
        }

        var name: String
        var key: String
        var embedding: String
        var text: Text
        var index = Index.advise

        /// Who looks after the index on the vectors.
        enum Index: String, Sendable, CaseIterable {
            /// A person, who is told what would suit.
            case advise
            /// The daemon.
            case auto
        }
    }

    /// The limits of a batch.
    struct Batch: Sendable, Equatable {
        var rows: Int
        var bytes: Int
        var quiet: Duration
        var longest: Duration
        var inFlight: Int
    }

    /// The listener's heartbeat.
    struct Listen: Sendable, Equatable {
        var heartbeat: Duration
        var deadline: Duration
    }

    /// What the triggers send.
    enum Notify: String, Sendable, CaseIterable {
        case ids, wake, off
    }

    /// Waiting after failures.
    struct Retry: Sendable, Equatable {
        var first: Duration
        var longest: Duration
        var attempts: Int
    }

    /// What a start does while the database is away.
    enum Start: String, Sendable, CaseIterable {
        case wait, fail
    }

    /// How messages look.
    enum LogFormat: String, Sendable, CaseIterable {
        case auto, journal, terminal, plain
    }

    /// Logging.
    struct Log: Sendable, Equatable {
        var level: Logger.Level
        var format: LogFormat
    }

    /// The embedder's name: one of ``EmbedderChoice/available``.
    var embedder: String
    var local: Local
    var hash: Hash
    /// Nil where vectors are made inside this process.
    var remote: Remote?
    var database: Database
    /// At least one.
    var tables: [Table]
    var batch: Batch
    var listen: Listen
    var notify: Notify
    /// The longest text of a row, in bytes.
    var textBytes: Int
    /// The most rows that are embedded in a second; nil for no ceiling.
    var rowsPerSecond: Int?
    var retry: Retry
    var log: Log
    /// What a start does while the database is away.
    var start: Start
    /// How long a stop waits for batches on their way.
    var drain: Duration
    /// Nil where there is to be no console.
    var console: ConsoleSettings?
    var firstVersion: FirstVersion

    /// Every setting with its place, in the order of the definitions.
    var effective: [EffectiveSetting]
    /// What is not wrong enough to stop for.
    var warnings: [String]
    /// The configuration file that was read, if any.
    var file: String?

    /// Where every effective setting came from, by key.
    var origins: [String: Origin] {
        Dictionary(effective.map { ($0.key, $0.origin) }, uniquingKeysWith: { first, _ in first })
    }

    /// What changed since other settings: the keys a reload can change, and those that need a restart.
    func changes(since old: Settings) -> (live: [String], restart: [String]) {
        let before = Dictionary(old.effective.map { ($0.key, $0.fingerprint) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(effective.map { ($0.key, $0.fingerprint) }, uniquingKeysWith: { first, _ in first })
        let keys = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
        let isLive = liveness(since: old)
        return (keys.filter(isLive), keys.filter { !isLive($0) })
    }

    /// What holds once these were loaded in the place of others: these as far as a reload can change them, the others
    /// elsewhere. So the next reload still knows what waits for a restart, and forgets what was put back.
    func held(to old: Settings) -> Settings {
        // Another address may be another database than the one whose tables are watched since the start.
        let isLive = liveness(since: old)
        var held = old
        if database.isSamePlace(as: old.database) {
            (held.database.url, held.database.password) = (database.url, database.password)
            held.database.parameters = database.parameters
        }
        if isSameProvider(as: old) { held.remote?.key = remote?.key }
        (held.batch, held.listen, held.rowsPerSecond) = (batch, listen, rowsPerSecond)
        (held.retry, held.log.level, held.drain) = (retry, log.level, drain)
        if let console {
            held.console?.token = console.token
            held.console?.origins = console.origins
        }
        held.effective =
            effective.filter { isLive($0.key) } + old.effective.filter { !isLive($0.key) }
        return held
    }

    /// Whether a reload in the place of other settings can change a setting.
    private func liveness(since old: Settings) -> (String) -> Bool {
        let (isSamePlace, isSameProvider) = (database.isSamePlace(as: old.database), isSameProvider(as: old))
        return { key in
            switch key {
            // The password may be in any of them.
            case "database.url", "database.password", "PGPASSWORD": isSamePlace
            case "remote.key": isSameProvider
            default: SettingDefinition.named(key)?.changesLive ?? false
            }
        }
    }

    /// Whether the same provider is asked: a key of another must not be sent to the one that is asked until a restart.
    private func isSameProvider(as old: Settings) -> Bool {
        embedder == old.embedder && remote?.url == old.remote?.url
            && firstVersion.supabaseURL?.value == old.firstVersion.supabaseURL?.value
    }
}
