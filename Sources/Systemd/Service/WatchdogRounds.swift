/// Decides, round by round, whether to ping the service manager, and what to say when not.
///
/// A healthy process is pinged for every half interval, as sd_watchdog_enabled(3) recommends. Once a loop is stuck the
/// rounds come faster, so that one that recovers is pinged for before the manager's patience ends.
struct WatchdogRounds {
    /// What one round asks for.
    struct Round: Equatable {
        /// Tell the manager that the service is alive.
        var ping = false
        /// Loops that nobody has heard of yet as stuck.
        var newlyStuck: [WatchdogLedger.StuckLoop] = []
        /// The loop to show in the status line for as long as nothing is pinged.
        var shown: WatchdogLedger.StuckLoop?
        /// Every loop that was stuck has got on.
        var recovered = false
        /// When the next round is due.
        var next: Duration
    }

    /// Between two pings: half of what the manager allows.
    let interval: Duration
    private var reported: Set<String> = []
    private var due: WatchdogLedger.Instant?

    init(timeout: Duration) {
        interval = timeout / 2
    }

    mutating func round(at now: WatchdogLedger.Instant, in ledger: inout WatchdogLedger) -> Round {
        // This thread does nothing but wait. If it comes late, the process was stopped, frozen or starved as a whole,
        // and no loop could have reported either.
        if let due, due.duration(to: now) > interval / 4 {
            ledger.forgive(due.duration(to: now), at: now)
        }
        var round = Round(next: interval)
        switch ledger.verdict(at: now) {
        case .allGood:
            round.ping = true
            round.recovered = !reported.isEmpty
            reported = []
        case .stuck(let loops):
            round.newlyStuck = loops.filter { !reported.contains($0.name) }
            round.shown = loops.first
            // A loop that recovered while another is still stuck is news again when it gets stuck again.
            reported = Set(loops.map(\.name))
            round.next = interval / 8
        }
        due = now + round.next
        return round
    }
}
