import Backfill
import Embedders
import Logging
import Synchronization
import Systemd
import Testing

@testable import PostgresClient
@testable import backfilld

/// What an administrator reads of what happens.
@Suite struct ChronicleTests {
    /// Keeps what is logged, and has a clock that a test turns.
    private final class Scene: LogOutput {
        let entries = Mutex<[LogEntry]>([])
        let time = Mutex(ContinuousClock.now)
        let threshold: LogThreshold

        init(_ level: Logger.Level = .info) { threshold = LogThreshold(level) }

        func write(_ entry: LogEntry) { entries.withLock { $0.append(entry) } }

        func wait(_ duration: Duration) { time.withLock { $0 += duration } }

        func chronicle() -> Chronicle {
            let logger = Logger(label: "test") { ServiceLogHandler(label: $0, output: self, threshold: self.threshold) }
            return Chronicle(logger: logger, names: [1: "public.a", 2: "public.b"]) { self.time.withLock(\.self) }
        }

        var messages: [String] { entries.withLock { $0.map(\.message) } }
        var events: [String] { entries.withLock { $0.compactMap { $0["event"] } } }
        var last: LogEntry? { entries.withLock(\.last) }
    }

    private let away = EmbedderError.unavailable("connection refused")

    @Test("An embedder that is away is told at once, as a sum after a while, and with its length when it is back")
    func trouble() throws {
        let scene = Scene()
        let chronicle = scene.chronicle()
        for _ in 0..<240 {
            chronicle.tell(.trouble(away), of: 1)
            scene.wait(.seconds(1))
        }
        #expect(scene.events == ["providerAway"])
        #expect(scene.last?["messageID"] == JournalEvent.providerAway.id)
        #expect(scene.last?["table"] == "public.a")
        scene.wait(.seconds(60))
        chronicle.tell(.trouble(away), of: 1)
        #expect(scene.messages.last?.hasSuffix("(repeated 240 times in 5 min)") == true, "\(scene.messages)")
        #expect(scene.last?["repeated"] == "240")
        #expect(scene.last?["repeatedMs"] == "300000")
        chronicle.tell(.recovered, of: 1)
        #expect(scene.messages.last == "public.a: works again after 5 min, after 241 failed attempts")
        #expect(scene.last?["awayMs"] == "300000")
        #expect(scene.events == ["providerAway", "providerAway", "recovered"])
        chronicle.tell(.recovered, of: 1)
        #expect(scene.events.count == 3)
    }

    @Test("At debug each of them is there")
    func debug() {
        let scene = Scene(.debug)
        let chronicle = scene.chronicle()
        for _ in 0..<5 { chronicle.tell(.trouble(away), of: 1) }
        #expect(scene.entries.withLock { $0.map(\.level) } == [.warning, .debug, .debug, .debug, .debug])
    }

    @Test("Each kind of trouble has an event of its own")
    func kinds() {
        let scene = Scene()
        let chronicle = scene.chronicle()
        chronicle.tell(.trouble(PostgresError(.server, "no", sqlState: "53100")), of: 1)
        #expect(scene.last?["sqlState"] == "53100")
        chronicle.tell(.trouble(PostgresError(.server, "permission denied", sqlState: "42501")), of: 1)
        #expect(scene.messages.last?.hasSuffix("setup --role NAME. Nothing is lost; it is tried again") == true)
        chronicle.tell(.trouble(TableProblem.schemaTaken), of: 1)
        #expect(scene.last?["problem"] == "schema-taken")
        chronicle.tell(.limited(.seconds(3)), of: 1)
        chronicle.tell(.limited(.seconds(2)), of: 1)
        chronicle.tell(.flaws([.schemaTaken]), of: 1)
        chronicle.tell(.flaws([]), of: 1)
        #expect(
            scene.events == ["batchFailed", "batchFailed", "schemaProblem", "rateLimited", "setUpFlaw", "setUpWhole"])
    }

    @Test("A database that is away is one warning and one recovery, with the attempts between")
    func database() {
        let scene = Scene()
        let chronicle = scene.chronicle()
        chronicle.tell(Listener.Event.listening(isEcho: true, backendPID: 1))
        let error = PostgresError(.connectionFailed, "connection refused")
        for _ in 0..<8 {
            chronicle.tell(Listener.Event.lost(error, retryIn: .seconds(5)))
            scene.wait(.seconds(5))
        }
        chronicle.tell(Listener.Event.listening(isEcho: false, backendPID: 1))
        #expect(scene.events == ["listening", "databaseAway", "databaseBack", "poolerFound"])
        #expect(scene.messages[2] == "listening again after 40 s without the database, after 8 failed attempts")
    }

    @Test("A pause and its end are told once each")
    func pause() {
        let scene = Scene()
        let chronicle = scene.chronicle()
        for span in [nil, Duration.seconds(1), .seconds(2), nil, nil] { chronicle.tell(pausedFor: span, of: 2) }
        #expect(scene.events == ["paused", "resumed"])
        #expect(scene.last?["table"] == "public.b")
    }

    @Test("A sum that nothing follows is told when its time has come, or at the end")
    func sums() {
        let scene = Scene()
        let chronicle = scene.chronicle()
        for _ in 0..<7 { chronicle.tell(.limited(nil), of: 1) }
        chronicle.tell(.parked, of: 1)
        #expect(scene.events.count == 1)
        scene.wait(.seconds(301))
        chronicle.tell(.parked, of: 1)
        #expect(scene.last?["repeated"] == "6")
        for _ in 0..<3 { chronicle.tell(.limited(nil), of: 1) }
        chronicle.finish()
        #expect(scene.last?["repeated"] == "2")
        #expect(scene.events.count == 4)
    }
}

extension LogEntry {
    fileprivate subscript(key: String) -> String? { fields.first { $0.key == key }?.value }
}
