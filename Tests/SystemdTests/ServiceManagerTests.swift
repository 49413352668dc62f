import Glibc
import Logging
import Synchronization
import Testing

@testable import Systemd

/// What the service manager gets, read from a real socket at `$NOTIFY_SOCKET`.
@Suite(.serialized)
struct ServiceManagerTests {
    /// One socket for the suite: the variable belongs to the whole process and is set once.
    private static let shared = Result { () throws -> DatagramReceiver in
        let receiver = try DatagramReceiver()
        setenv("NOTIFY_SOCKET", receiver.path, 1)
        return receiver
    }

    let manager: DatagramReceiver
    let notifier = ServiceNotifier()

    init() throws {
        manager = try Self.shared.get()
    }

    @Test func readyIsDelivered() throws {
        try notifier.ready()
        #expect(try manager.nextText() == "READY=1")
        try notifier.ready(status: "listening on 2 tables")
        #expect(try manager.nextText() == "READY=1\nSTATUS=listening on 2 tables")
    }

    @Test func everyOtherStateIsOneDatagram() throws {
        notifier.status("listening · 0 pending")
        notifier.watchdogPing()
        notifier.stopping()
        notifier.stopping(status: "finishing 50 rows")
        notifier.extendTimeout(by: .seconds(30))
        notifier.failed(errno: ECONNREFUSED)
        let expected = [
            "STATUS=listening · 0 pending", "WATCHDOG=1", "STOPPING=1", "STOPPING=1\nSTATUS=finishing 50 rows",
            "EXTEND_TIMEOUT_USEC=30000000", "ERRNO=111",
        ]
        for datagram in expected { #expect(try manager.nextText() == datagram) }
        #expect(manager.isEmpty)
    }

    @Test func reloadingCarriesTheMonotonicTime() throws {
        let before = monotonicMicroseconds()
        notifier.reloading()
        let after = monotonicMicroseconds()
        let lines = try manager.nextText().split(separator: "\n")
        #expect(lines.first == "RELOADING=1")
        let time = try #require(lines.last?.split(separator: "=").last.flatMap { UInt64($0) })
        #expect(lines.last?.hasPrefix("MONOTONIC_USEC=") == true)
        #expect((before...after).contains(time))
    }

    @Test func aStatusCannotBecomeAnotherAssignment() throws {
        notifier.status("first\nREADY=1\r\n\u{0}MAINPID=1\u{2028}end")
        #expect(try manager.nextText() == "STATUS=first READY=1   MAINPID=1 end")
    }

    @Test func aLongStatusArrivesCutBetweenCharacters() throws {
        notifier.status(String(repeating: "ü€", count: 3000))
        let text = try #require(String(validating: try manager.next(), as: UTF8.self))
        #expect(text.utf8.count < 4096)
        #expect(text.hasSuffix("…"))
    }

    @Test func aWatchdogPingsForAHealthyProcessUntilCancelled() async throws {
        let watchdog = Watchdog(timeout: .milliseconds(40), notifier: notifier, logger: .silent)
        watchdog.watch("listener", limit: .seconds(60)).waits("waiting for a notification")
        let run = Task { await watchdog.run() }
        // Between them it may find the executor stuck, and say so: with this interval a busy machine is enough.
        var pings = 0
        while pings < 3 { if try manager.nextText() == "WATCHDOG=1" { pings += 1 } }
        run.cancel()
        await run.value
        while !manager.isEmpty { _ = try manager.next() }
    }

    @Test func aWatchdogNobodyWantsSendsNothing() async {
        let run = Task { await Watchdog(timeout: nil, notifier: notifier, logger: .silent).run() }
        run.cancel()
        await run.value
        #expect(manager.isEmpty)
    }

    @Test func aStuckLoopIsNamedOnceAndNotPingedFor() throws {
        let time = Mutex(SuspendingClock().now)
        let log = RecordedLog()
        let noted = Mutex<[String?]>([])
        let watchdog = Watchdog(
            timeout: .seconds(30), notifier: notifier, logger: log.logger,
            note: { line in noted.withLock { $0.append(line) } }, now: { time.withLock { $0 } })
        let loop = watchdog.watch("pipeline public.music_knowledge", limit: .seconds(10))
        loop.progress("embedding 50 rows")
        #expect(watchdog.round() == .seconds(15))
        #expect(try manager.nextText() == "WATCHDOG=1")

        time.withLock { $0 += .seconds(15) }
        #expect(watchdog.round() == .seconds(15) / 8)
        let stuck = """
            stuck: pipeline public.music_knowledge has made no progress for 15 s (allowed: 10 s) \
            while embedding 50 rows
            """
        #expect(try manager.nextText() == "STATUS=\(stuck)")
        _ = watchdog.round()
        #expect(try manager.nextText() == "STATUS=\(stuck)")
        #expect(log.entries.map(\.level) == [.critical])
        #expect(log.entries.first?.message.hasPrefix(stuck) == true)
        // Kept once for the next start, and taken back when it gets on.
        #expect(noted.withLock(\.self).compactMap(\.self).map { "stuck: \($0)" } == [stuck])

        loop.progress("writing 50 rows")
        _ = watchdog.round()
        #expect(try manager.nextText() == "STATUS=recovered: every loop makes progress again")
        #expect(try manager.nextText() == "WATCHDOG=1")
        #expect(log.entries.map(\.level) == [.critical, .notice])
        #expect(noted.withLock(\.self).count == 2 && noted.withLock(\.self).last == .some(nil))
        #expect(manager.isEmpty)
    }

    @Test func withoutAManagerNothingHappens() async {
        await #expect(processExitsWith: .success) {
            unsetenv("NOTIFY_SOCKET")
            let notifier = ServiceNotifier()
            #expect(throws: Never.self) { try notifier.ready() }
            notifier.status("nobody reads this")
            notifier.reloading()
            notifier.watchdogPing()
        }
    }

    @Test func aReadyThatCannotBeDeliveredThrows() async {
        await #expect(processExitsWith: .success) {
            setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1)
            let failure = #expect(throws: UndeliverableReady.self) { try ServiceNotifier().ready() }
            #expect(failure?.code == ENOENT)
            #expect("\(failure!)".contains("No such file or directory (NOTIFY_SOCKET=/nonexistent/notify)"))
        }
    }

    @Test func theManagersIntervalIsRead() async {
        await #expect(processExitsWith: .success) {
            unsetenv("WATCHDOG_USEC")
            #expect(Watchdog.timeoutOfServiceManager() == nil)
            setenv("WATCHDOG_USEC", "30000000", 1)
            #expect(Watchdog.timeoutOfServiceManager() == .seconds(30))
            setenv("WATCHDOG_PID", "1", 1)
            #expect(Watchdog.timeoutOfServiceManager() == nil)
        }
    }
}
