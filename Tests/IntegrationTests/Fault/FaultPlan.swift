import Backfill
import TestSupport

/// Something that goes wrong, or is put right again by itself after so many steps of the load.
enum Fault: Sendable {
    /// kill -9, SIGTERM, or SIGSTOP for a while, of a daemon.
    case kill(daemon: Int)
    case terminate(daemon: Int)
    case stop(daemon: Int, steps: Int)
    /// Of the server.
    case restart(ServerFault)
    /// Between a daemon and the server, or a daemon and the provider.
    case network(daemon: Int, NetworkFault, steps: Int)
    case providerNetwork(daemon: Int, NetworkFault, steps: Int)
    /// Of the provider.
    case provider([Provider.Fault], chance: Double, steps: Int)
    /// Every session of every daemon is ended, or its statement cancelled.
    case terminateSessions
    case cancelStatements
    /// Notifications that are none of ours, or look like it.
    case garbage(count: Int)
    /// The table is paused.
    case pause(steps: Int)
    /// The wall clock of a daemon jumps.
    case clock(daemon: Int, hours: Int)
}

enum ServerFault: Sendable, CaseIterable {
    case fast, immediate, kill9, killBackend
}

enum NetworkFault: Sendable {
    case cut, reset, refuse
    case silent([TCPProxy.Direction])
    case delay(milliseconds: Int)
    case cutAfter(bytes: Int, TCPProxy.Direction, TCPProxy.Ending)
}

/// What happens in one run of the fault suite, all of it drawn from the seed before the run begins.
///
/// Time is counted in steps of the load, so that a slow machine meets the same faults in the same places.
struct FaultPlan: Sendable {
    let seed: UInt64
    let flavour: PostgresServer.Flavour
    /// Daemons at once.
    let daemons: Int
    /// Users' sessions, and what each of them does.
    let users: Int
    let steps: Int
    /// How the daemons are set.
    let rows: Int
    let inFlight: Int
    let latency: Duration
    let notify: NotifyMode
    /// No fault that ends a session or a daemon: then no text may be embedded twice.
    let isGentle: Bool
    /// What goes wrong, and when, in steps of all users together.
    let faults: [(step: Int, fault: Fault)]

    init(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        self.seed = seed
        flavour = random.chance(0.5) ? .pg18WithPgvector : .debian
        daemons = 1 + random.below(4)
        users = 3 + random.below(4)
        steps = 60 + random.below(60)
        rows = [10, 20, 50, 200][random.below(4)]
        inFlight = 1 + random.below(4)
        latency = .milliseconds(random.below(40))
        notify = [.ids, .ids, .ids, .wake, .off][random.below(5)]
        isGentle = random.chance(0.25)
        var step = 10
        var faults: [(step: Int, fault: Fault)] = []
        while step < users * steps {
            let fault = isGentle ? Fault.gentle(daemons, &random) : Fault.any(daemons, &random)
            faults.append((step, fault))
            step += 5 + random.below(users * 8)
        }
        self.faults = faults
    }
}

extension Fault {
    static func gentle(_ daemons: Int, _ random: inout SeededRandom) -> Fault {
        let steps = 5 + random.below(60)
        switch random.below(4) {
        case 0: return .garbage(count: 1 + random.below(400))
        case 1: return .pause(steps: steps)
        case 2: return .clock(daemon: random.below(daemons), hours: random.below(48) - 24)
        default: return .provider(.drawn(&random), chance: [0.1, 0.5, 1][random.below(3)], steps: steps)
        }
    }

    static func any(_ daemons: Int, _ random: inout SeededRandom) -> Fault {
        let (daemon, steps) = (random.below(daemons), 5 + random.below(60))
        switch random.below(16) {
        case 0, 1: return .kill(daemon: daemon)
        case 2: return .terminate(daemon: daemon)
        case 3, 4: return .stop(daemon: daemon, steps: steps)
        case 5: return .restart(ServerFault.allCases[random.below(4)])
        case 6, 7, 8: return .network(daemon: daemon, .drawn(&random), steps: steps)
        case 9: return .providerNetwork(daemon: daemon, .drawn(&random), steps: steps)
        case 10: return .terminateSessions
        case 11: return .cancelStatements
        default: return gentle(daemons, &random)
        }
    }
}

extension NetworkFault {
    static func drawn(_ random: inout SeededRandom) -> NetworkFault {
        let direction = TCPProxy.Direction.allCases[random.below(2)]
        switch random.below(6) {
        case 0: return .cut
        case 1: return .reset
        case 2: return .refuse
        case 3: return .silent(random.chance(0.5) ? [direction] : TCPProxy.Direction.allCases)
        case 4: return .delay(milliseconds: 1 + random.below(400))
        default: return .cutAfter(bytes: 1 + random.below(4_000), direction, random.chance(0.5) ? .cut : .reset)
        }
    }
}

extension [Provider.Fault] {
    static func drawn(_ random: inout SeededRandom) -> Self {
        let all = Provider.Fault.allCases
        return (0...random.below(3)).map { _ in all[random.below(all.count)] }
    }
}
