import Synchronization

/// Where the parts of the daemon report to: keeps the ``Vitals`` up to date and passes the news on.
final class Bulletin: Sendable {
    private struct State {
        var vitals: Vitals
        var backendPID: Int32 = 0
    }

    private let state: Mutex<State>
    private let report: @Sendable (Daemon.Event) -> Void
    /// Set when the vitals of a table changed.
    let changed = Signal()

    init(tables: [WatchedTable], report: @escaping @Sendable (Daemon.Event) -> Void) {
        let names = Dictionary(uniqueKeysWithValues: tables.map { ($0.watch, $0.displayName) })
        state = Mutex(State(vitals: Vitals(tables: names)))
        self.report = report
    }

    var vitals: Vitals { state.withLock(\.vitals) }
    /// The server process of the listener's session; 0 before the first.
    var backendPID: Int32 { state.withLock(\.backendPID) }

    func note(_ event: Listener.Event) {
        state.withLock { state in
            state.vitals.note(event, at: .now)
            if case .listening(_, let pid) = event { state.backendPID = pid }
        }
        report(.listener(event))
    }

    func note(_ event: PipelineEvent, _ condition: PipelineCondition, of table: WatchedTable) {
        let isNews = state.withLock { state in
            let before = state.vitals.tables[table.watch]
            state.vitals.note(event, condition, of: table.watch, at: .now)
            return state.vitals.tables[table.watch] != before
        }
        if isNews { changed.set() }
        report(.table(table, event, condition))
    }

    /// Rows of these tables have been pending for so long, as daemons before this one saw.
    func adopt(_ pending: [Int32: Duration]) {
        let now = ContinuousClock.now
        state.withLock { state in
            for (watch, age) in pending { state.vitals.adopt(pendingSince: now - age, of: watch) }
        }
    }
}
