import Logging
import Synchronization
import Systemd
import TestSupport
import Testing

@testable import Backfill
@testable import backfilld

/// What the service manager hears of a daemon, and what the watchdog takes for stuck.
@Suite struct SupervisionTests {
    /// A service manager that hears, and a clock that a test turns.
    private final class Scene: Sendable {
        let sent = Mutex<[String]>([])
        let time = Mutex(SuspendingClock().now)
        let vitals = Mutex(Vitals(tables: [1: "public.notes"]))
        let settings: ListenerSettings

        init(heartbeat: Duration = .seconds(10)) {
            var settings = ListenerSettings()
            settings.heartbeat = heartbeat
            settings.deadline = .seconds(1)
            self.settings = settings
        }

        var notifier: ServiceNotifier {
            ServiceNotifier { state in
                self.sent.withLock { $0.append(state) }
                return 1
            }
        }

        func watchdog() -> Watchdog {
            let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            return Watchdog(
                timeout: .seconds(30), notifier: notifier, logger: silent, now: { self.time.withLock(\.self) })
        }

        func supervision(_ watchdog: Watchdog) -> Supervision {
            Supervision(notifier: notifier, watchdog: watchdog, tables: [1: "public.notes"], settings: settings)
        }

        func wait(_ duration: Duration) { time.withLock { $0 += duration } }

        func note(_ event: Listener.Event) { vitals.withLock { $0.note(event, at: .now) } }

        func note(_ event: PipelineEvent) {
            vitals.withLock { $0.note(event, SupervisionTests.condition(), of: 1, at: .now) }
        }

        func has(_ beginning: String, from start: Int = 0) -> Bool {
            sent.withLock { $0.dropFirst(start).contains { $0.hasPrefix(beginning) } }
        }
    }

    private static func condition(working: Int = 0) -> PipelineCondition {
        PipelineCondition(
            waiting: 0, working: working, held: 0, failing: 0, setAside: 0, isPolling: false, isStandby: false,
            isIdle: working == 0)
    }

    private struct Away: Error, CustomStringConvertible {
        var description: String { "connection refused" }
    }

    private static func stuck(_ watchdog: Watchdog) -> [String] {
        guard case .stuck(let loops) = watchdog.verdict() else { return [] }
        return loops.map(\.name)
    }

    @Test("A pipeline that waits for its batches is not stuck, however long; one that does not come to wait is")
    func pipeline() {
        let scene = Scene()
        let watchdog = scene.watchdog()
        let supervision = scene.supervision(watchdog)
        supervision.hear(.progress, Self.condition(working: 250), of: 1)
        supervision.hear(.parked, Self.condition(working: 250), of: 1)
        // What a batch or a look at the table says does not mean that the loop turned.
        supervision.hear(.flaws([]), Self.condition(working: 250), of: 1)
        for _ in 0..<360 {
            scene.wait(.seconds(10))
            supervision.hear(.heartbeat(daemons: 1))
            #expect(watchdog.verdict() == .allGood)
        }
        supervision.hear(.progress, Self.condition(working: 250), of: 1)
        scene.wait(.seconds(299))
        supervision.hear(.heartbeat(daemons: 1))
        #expect(watchdog.verdict() == .allGood)
        scene.wait(.seconds(2))
        #expect(Self.stuck(watchdog) == ["pipeline public.notes"])
    }

    @Test("Another heartbeat holds from the next one on, a longer one as well as a shorter one")
    func heartbeat() {
        let scene = Scene()
        let watchdog = scene.watchdog()
        let supervision = scene.supervision(watchdog)
        supervision.hear(.parked, Self.condition(), of: 1)
        supervision.hear(.heartbeat(daemons: 1))
        // 10 s, six answers of a second, and a minute.
        scene.wait(.seconds(75))
        #expect(watchdog.verdict() == .allGood)
        var other = scene.settings
        other.heartbeat = .seconds(600)
        supervision.apply(other)
        scene.wait(.seconds(10))
        supervision.hear(.heartbeat(daemons: 1))
        scene.wait(.seconds(600))
        #expect(watchdog.verdict() == .allGood)
        supervision.hear(.heartbeat(daemons: 1))
        // The wait that has begun goes on to its end.
        supervision.apply(scene.settings)
        scene.wait(.seconds(600))
        #expect(watchdog.verdict() == .allGood)
        supervision.hear(.heartbeat(daemons: 1))
        scene.wait(.seconds(77))
        #expect(Self.stuck(watchdog) == ["listener"])
        supervision.hear(.lost(Away(), retryIn: .seconds(30)))
        scene.wait(.seconds(100))
        #expect(watchdog.verdict() == .allGood)
    }

    @Test("The start is over with READY, whatever becomes of the database; STATUS says that a stop is under way")
    func states() async throws {
        let scene = Scene()
        let supervision = scene.supervision(scene.watchdog())
        let run = Task {
            try await supervision.run {
                scene.vitals.withLock(\.self)
            } ready: { _ in
            }
        }
        defer { run.cancel() }
        #expect(supervision.isStarting)
        // Nobody is told of a reload before there was a READY.
        supervision.reloading()
        try supervision.reloaded("too early")
        #expect(!scene.has("RELOADING") && !scene.has("READY"))
        scene.note(.listening(isEcho: true, backendPID: 1))
        scene.note(.scanned(found: 0, isAll: true))
        supervision.hear(.heartbeat(daemons: 1))
        try await eventually("READY") { scene.has("READY=1\nSTATUS=listening on public.notes") }
        #expect(!supervision.isStarting)
        scene.note(.lost(Away(), retryIn: .seconds(1)))
        supervision.hear(.lost(Away(), retryIn: .seconds(1)))
        try await eventually("away") { scene.has("STATUS=degraded: database away") }
        #expect(!supervision.isStarting)
        supervision.reloading()
        try supervision.reloaded("reloaded")
        #expect(scene.has("RELOADING=1") && scene.has("READY=1\nSTATUS=reloaded"))

        supervision.stopping()
        let count = scene.sent.withLock(\.count)
        scene.note(.listening(isEcho: true, backendPID: 1))
        supervision.hear(.heartbeat(daemons: 1))
        try await eventually("STATUS") { scene.has("STATUS=stopping: listening on public.notes", from: count) }
        supervision.reloading()
        try supervision.reloaded("too late")
        #expect(!scene.has("RE", from: count))
    }

    @Test("Calls of the encoder get on with its lanes; where no lane does anything they are named")
    func encoder() {
        let scene = Scene()
        let watchdog = scene.watchdog()
        let lanes = LaneWatch(watchdog, limit: .seconds(120), between: .seconds(300))
        scene.wait(.seconds(3_600))
        #expect(watchdog.verdict() == .allGood)
        lanes.observe(callIsUnderWay: true)
        lanes.observe(callIsUnderWay: true)
        for _ in 0..<60 {
            lanes.observe(lane: 0, isAtWork: true)
            scene.wait(.seconds(60))
            lanes.observe(lane: 0, isAtWork: false)
            #expect(watchdog.verdict() == .allGood)
        }
        lanes.observe(callIsUnderWay: false)
        scene.wait(.seconds(301))
        #expect(Self.stuck(watchdog) == ["encoder"])
        lanes.observe(callIsUnderWay: false)
        scene.wait(.seconds(3_600))
        #expect(watchdog.verdict() == .allGood)
    }
}
