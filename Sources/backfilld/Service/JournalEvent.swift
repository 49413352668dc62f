import Backfill
import Logging

/// The events of the daemon's log that an administrator acts on or looks for, each with the id that it has in the
/// journal (`MESSAGE_ID=`): `systemd/backfilld.catalog` explains them, docs/journal.md lists them.
///
/// An id never changes and is never used again: filters and alarms of other people hang on it.
enum JournalEvent: String, CaseIterable, Sendable {
    // MARK: Start and stop

    /// The process begins.
    case starting = "33b44adf3ff84a3bb3843a1e6df6508e"
    /// The model of the local embedder is in memory.
    case modelLoaded = "210886ee23914dc5904418c6d048c5a0"
    /// A setting holds, but not as whoever wrote it may think.
    case settingDoubtful = "3cf6e37ad2154f11b44a5d0e77e83c52"
    /// The configuration is wrong at the start: it ends before it has begun.
    case configurationWrong = "83c64a15fafd4c6691e54251d3b3305b"
    /// Tables are listened to and were looked at.
    case ready = "e71c376f055a47fbb36fab91fed55790"
    /// It ends, for a reason that is no order.
    case failed = "459f17d8b4fd41c589b5dd8c28173aaa"
    /// It was told to stop, and finishes what is under way.
    case stopping = "33f5743fac1141adb18a3f4b1ab0e1ba"
    /// It was told to stop again, and finishes nothing.
    case stopHurried = "e121ade7ead24c368dd68f7770ba71b9"
    /// What was under way did not end in time.
    case drainOver = "6c0ba2948c234675945605f8ee11c42e"
    /// It has stopped.
    case stopped = "1c2e08eec8a64a4f81118b751f41de53"

    // MARK: Console

    /// The console listens.
    case consoleListening = "dfc83d9a4ae04d19ba363079c7241d4b"
    /// The console's thread comes to nothing new.
    case consoleStuck = "88ea0287777caf8a854886499701333c"
    /// The console's thread goes on.
    case consoleBack = "0e0f803a52183998c026b3a18a0b1ce5"
    /// The console has ended, for a reason that is no order.
    case consoleFailed = "1153c3eede72c4de7d709c7396a9eedb"

    // MARK: Reload

    /// The configuration was read again.
    case reloaded = "5badef9ed2d6475baa9bad4ce6edbb10"
    /// The configuration was read again and is wrong.
    case reloadRefused = "808ef88b3c3747509e7583a975f7f00c"
    /// A reload was asked for too early.
    case reloadTooEarly = "5864ca0cdf8b4125b02644df2af5b29d"
    /// Settings changed that only hold after a restart.
    case restartNeeded = "4679d988468c4a5fab8cd751e44fc883"
    /// The service manager could not be told that the reload is over.
    case readyUndelivered = "da38f10699094486b3195b57e229ad67"

    // MARK: Database

    /// The first LISTEN is in force.
    case listening = "2b3f104eedb04474b28af5c651c0e6cb"
    /// There is no connection to the database.
    case databaseAway = "893715056a4e4e07b66fac4aa88868d2"
    /// The connection is there again.
    case databaseBack = "96809f35bf734bd9a7c75641b5bf1047"
    /// Notifications do not come through.
    case poolerFound = "fa07dc43a78541a6973e3f5aa2a4c1b2"
    /// The server's notification queue fills.
    case queueFilling = "c2052a6c2cb443959dbff7c40f8e5a03"
    /// The listener cannot look for pending rows.
    case lookFailed = "4627c8b70ccc467b8b11f2985aeef574"

    // MARK: Rows

    /// Rows got their vectors.
    case embedded = "cd92bda12f4c434b92df4105e7880035"
    /// A batch failed by no row's fault.
    case batchFailed = "03bb09ca85d84a06a2c14858ffce5be9"
    /// The embedder is away or broken.
    case providerAway = "e3647fc7c43247f09fbd15c65c5aa858"
    /// The embedder does not serve this caller: its key, or its account.
    case providerDenied = "884c78702d8749e891ffd1659aa48268"
    /// What kept a table from being filled is over.
    case recovered = "e6b874c11e8b4d0f9c41415c1425e786"
    /// The embedder asks for fewer requests.
    case rateLimited = "1000974ae96145e4a072e20de18af3ff"
    /// A session that is no daemon's keeps rows from being claimed.
    case claimObstructed = "67b81d8bbe064aa7b4af7eee633b649e"
    /// A row failed by its own fault, and is tried again.
    case rowFailed = "e24ddd5c32fb4678a6f3ce32335353db"
    /// More rows failed as one did that was told of.
    case rowsFailed = "dc4126d2f3134069a91b6f3ddbc9e503"
    /// A row has used up its attempts.
    case rowSetAside = "df6c574cc627480b93f3134aa7444536"
    /// Many rows have used up their attempts.
    case rowsSetAside = "32108f0ab89b48af9ba71db6825af608"

    // MARK: Tables

    /// A table cannot be filled as it is.
    case schemaProblem = "a4532a8e1d484929ad5608ee00c1c5af"
    /// Something that set-up makes is missing.
    case setUpFlaw = "2da10a6747004d38a043b6a639a5691f"
    /// Nothing that set-up makes is missing any more.
    case setUpWhole = "d24f019160ae47a5843a50301175ac1e"
    /// A table is another than before.
    case tableChanged = "f8c245379e264d579b61105f78599b02"
    /// The table's vectors are another model's.
    case modelMismatch = "7db58d5185cf40e6964666dfd36e8843"
    /// Somebody paused the table.
    case paused = "1297f1c4e72a4420880afa47edb741b5"
    /// Somebody resumed the table.
    case resumed = "fb7c8a9501824cbebca2300be02661a1"

    // MARK: Watchdog and journal

    /// A loop is stuck.
    case watchdogStuck = "ace4fdb7d8164f33a3e62355835b28fa"
    /// No loop is stuck any more.
    case watchdogRecovered = "4f5f65cf364f4d51b70ca62eef4448b0"
    /// The process before this one was killed by the watchdog.
    case watchdogKilled = "7a5c1bb31b324372aa07e6c50fa7e0d2"
    /// The journal took no entries for a while.
    case entriesLost = "15ba5953864b4388aaaddde078b43cc7"

    /// 128 bits as sd-id128(3) writes them.
    var id: String { rawValue }

    /// The name in the field `BACKFILLD_EVENT`, as easy to type as the id is not: `rowSetAside`.
    var name: String { "\(self)" }
}

extension JournalEvent {
    /// How bad it is.
    var level: Logger.Level {
        switch self {
        case .embedded, .rateLimited: .info
        case .starting, .modelLoaded, .ready, .stopping, .stopHurried, .stopped, .reloaded, .listening, .databaseBack,
            .recovered, .setUpWhole, .tableChanged, .paused, .resumed, .watchdogRecovered, .consoleListening,
            .consoleBack:
            .notice
        case .settingDoubtful, .drainOver, .reloadTooEarly, .restartNeeded, .databaseAway, .poolerFound, .queueFilling,
            .lookFailed, .batchFailed, .providerAway, .claimObstructed, .rowFailed, .rowsFailed, .schemaProblem,
            .watchdogKilled, .entriesLost:
            .warning
        case .reloadRefused, .readyUndelivered, .providerDenied, .rowSetAside, .rowsSetAside, .setUpFlaw, .consoleStuck,
            .consoleFailed:
            .error
        case .configurationWrong, .failed, .modelMismatch, .watchdogStuck: .critical
        }
    }

    /// The fields that it always has, besides those of every entry; it may have more.
    var fields: Set<JournalKey> {
        switch self {
        case .starting: [.version, .tables, .embedder, .model]
        case .modelLoaded: [.model, .precision, .lanes, .ms]
        case .ready: [.ms]
        case .configurationWrong: [.exitStatus, .place]
        case .failed: [.exitStatus]
        case .modelMismatch: [.exitStatus]
        case .stopping: [.limitMs]
        case .stopped: [.rows, .failed, .pending]
        case .restartNeeded: [.settings]
        case .consoleListening: [.address]
        case .consoleStuck: [.silentMs]
        case .databaseAway: [.waitMs]
        case .databaseBack: [.awayMs]
        case .queueFilling: [.queueUsage]
        case .embedded: [.table, .rows, .batches, .failed, .ms]
        case .recovered: [.table, .awayMs, .attempts]
        case .rowFailed: [.table, .key, .rows]
        case .rowSetAside, .claimObstructed: [.table, .key]
        case .rowsFailed, .rowsSetAside: [.table, .rows]
        case .lookFailed, .batchFailed, .providerAway, .providerDenied, .rateLimited, .schemaProblem, .setUpFlaw,
            .setUpWhole, .tableChanged, .paused, .resumed:
            [.table]
        case .watchdogStuck: [.loop, .doing, .silentMs]
        case .watchdogKilled: [.stuck]
        case .entriesLost: [.lostEntries]
        case .settingDoubtful, .stopHurried, .drainOver, .reloaded, .reloadRefused, .reloadTooEarly, .readyUndelivered,
            .listening, .poolerFound, .watchdogRecovered, .consoleBack, .consoleFailed:
            []
        }
    }
}

extension JournalEvent {
    /// The event of a daemon that ends with an error.
    static func ending(with error: any Error) -> JournalEvent {
        switch error {
        case TableProblem.superseded, TableProblem.identityDiffers, TableProblem.dimensionMismatch: .modelMismatch
        default: .failed
        }
    }
}
