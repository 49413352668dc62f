import Testing

@testable import Backfill

@Suite struct HandshakeTests {
    private var handshake = Handshake(.notified, pace: PollingPace())
    private var now = start

    /// Begins and ends a scan that is due now.
    private mutating func scan(_ rows: Int, line: Int = #line) {
        let location = SourceLocation(fileID: #fileID, filePath: #filePath, line: line, column: 1)
        var action = handshake.next(at: now)
        if case .wait(let until?) = action {
            now = until
            action = handshake.next(at: now)
        }
        #expect(action == .scan, sourceLocation: location)
        handshake.scanBegan()
        handshake.scanned(rows, at: now)
    }

    /// Expects one lock step and ends it.
    private mutating func step(_ step: Handshake.LockStep, _ isDone: Bool = true, line: Int = #line) {
        let location = SourceLocation(fileID: #fileID, filePath: #filePath, line: line, column: 1)
        #expect(handshake.next(at: now) == .lock(step), sourceLocation: location)
        handshake.stepped(step, isDone: isDone, at: now)
    }

    private mutating func drain() {
        handshake.wake(at: now)
        step(.lockPolling)
        for _ in 0..<3 { scan(0) }
        step(.unlockPolling)
    }

    @Test("Listening, it asks for nothing")
    mutating func listening() {
        #expect(handshake.phase == .listening)
        #expect(handshake.next(at: now) == .wait(until: nil))
    }

    @Test("Woken, it queues for K and scans at once, without waiting for K")
    mutating func woken() {
        handshake.wake(at: now)
        #expect(handshake.phase == .polling)
        #expect(handshake.next(at: now) == .lock(.lockPolling))
        #expect(handshake.next(at: now) == .scan)
        handshake.scanBegan()
        #expect(handshake.next(at: now) == .wait(until: nil))
    }

    @Test("A scan that is asked for stays asked, and is not asked for twice")
    mutating func asked() {
        handshake.wake(at: now)
        step(.lockPolling)
        #expect(handshake.next(at: now) == .scan)
        #expect(handshake.next(at: now) == .wait(until: nil))
        handshake.wake(at: now.ms(500))
        #expect(handshake.next(at: now.ms(500)) == .wait(until: nil))
    }

    @Test("K that was not to be had is queued for again, once with each scan")
    mutating func queueing() {
        handshake.wake(at: now)
        step(.lockPolling, false)
        scan(5)
        step(.lockPolling, false)
        scan(5)
        step(.lockPolling, true)
        scan(5)
        #expect(handshake.next(at: now) == .wait(until: now.ms(200)))
        #expect(handshake.hasPolling)
    }

    @Test(
        "Scans that bring rows keep it polling, and scans without rows come at half the pace each time, down to one a second"
    )
    mutating func pace() {
        handshake = Handshake(.polled, pace: PollingPace())
        handshake.wake(at: now)
        var waits: [Duration] = []
        for _ in 0..<7 {
            scan(0)
            guard case .wait(let until?) = handshake.next(at: now) else { break }
            waits.append(until - now)
        }
        #expect(waits == [50, 100, 200, 400, 800, 1000, 1000].map { .milliseconds($0) })
        handshake.progressed()
        scan(7)
        #expect(handshake.next(at: now) == .wait(until: now.ms(50)))
    }

    @Test("Rows that are only a peer's keep it polling at a growing pace")
    mutating func peers() {
        handshake.wake(at: now)
        step(.lockPolling)
        for _ in 0..<8 { scan(3) }
        #expect(handshake.phase == .polling)
        #expect(handshake.next(at: now) == .wait(until: now.ms(1000)))
    }

    @Test("After three empty scans it gives K back, gets X, scans once more, gives X back and listens")
    mutating func toIdle() {
        drain()
        #expect(handshake.phase == .draining)
        step(.trySkipped)
        #expect(handshake.phase == .last)
        scan(2)
        #expect(handshake.phase == .listening)
        step(.unlockSkipped)
        #expect(handshake.next(at: now) == .wait(until: nil))
        #expect(!handshake.hasPolling && !handshake.hasSkipped)
    }

    @Test("K is given back before X is tried, and only when the attempt for it has ended")
    mutating func order() {
        handshake.wake(at: now)
        #expect(handshake.next(at: now) == .lock(.lockPolling))
        for _ in 0..<3 { scan(0) }
        #expect(handshake.phase == .draining)
        #expect(handshake.next(at: now) == .wait(until: now.ms(200)))
        handshake.stepped(.lockPolling, isDone: true, at: now)
        step(.unlockPolling)
        step(.trySkipped)
    }

    @Test("A quiet writer that has not ended is waited for, with a scan before each try for X")
    mutating func skippers() {
        drain()
        for _ in 0..<4 {
            step(.trySkipped, false)
            scan(1)
            #expect(handshake.phase == .draining)
        }
        step(.trySkipped, true)
        scan(0)
        #expect(handshake.phase == .listening)
    }

    @Test("A wake-up while it drains brings it back to polling, and X that comes then is given back")
    mutating func wokenInDraining() {
        drain()
        #expect(handshake.next(at: now) == .lock(.trySkipped))
        handshake.wake(at: now)
        #expect(handshake.phase == .polling)
        handshake.stepped(.trySkipped, isDone: true, at: now)
        #expect(handshake.phase == .polling)
        step(.unlockSkipped)
        step(.lockPolling)
    }

    @Test("A wake-up after the last scan began is followed by polling, one before it is not")
    mutating func wokenUnderX() {
        drain()
        step(.trySkipped)
        handshake.wake(at: now)
        #expect(handshake.next(at: now) == .scan)
        handshake.scanBegan()
        handshake.wake(at: now)
        #expect(handshake.phase == .last)
        handshake.scanned(0, at: now)
        #expect(handshake.phase == .polling)
        step(.unlockSkipped)
    }

    @Test("The last scan is one that began under X")
    mutating func scanOfBefore() {
        drain()
        #expect(handshake.next(at: now) == .lock(.trySkipped))
        guard case .wait(let until?) = handshake.next(at: now) else { return }
        now = until
        #expect(handshake.next(at: now) == .scan)
        handshake.scanBegan()
        handshake.stepped(.trySkipped, isDone: true, at: now)
        handshake.scanned(0, at: now)
        #expect(handshake.phase == .last)
        scan(0)
        #expect(handshake.phase == .listening)
    }

    @Test("A wake-up heard after a scan began keeps it from going idle")
    mutating func wokenWhileScanning() {
        handshake.wake(at: now)
        step(.lockPolling)
        for _ in 0..<2 { scan(0) }
        if case .wait(let until?) = handshake.next(at: now) { now = until }
        #expect(handshake.next(at: now) == .scan)
        handshake.scanBegan()
        handshake.wake(at: now)
        handshake.scanned(0, at: now)
        #expect(handshake.phase == .polling)
    }

    @Test("Wake-ups by the thousand do not make scans come faster than the pace")
    mutating func flood() {
        handshake.wake(at: now)
        step(.lockPolling, false)
        scan(9)
        handshake.wake(at: now)
        step(.lockPolling, false)
        #expect(handshake.next(at: now) == .wait(until: now.ms(50)))
    }

    @Test("More than twenty notifications within a second make it poll; as many over two seconds do not")
    mutating func notifications() {
        for number in 0..<40 { handshake.notified(at: start.ms(number * 60)) }
        #expect(handshake.phase == .listening)
        for number in 0..<20 { handshake.notified(at: start.ms(5000 + number)) }
        #expect(handshake.phase == .listening)
        handshake.notified(at: start.ms(5020))
        #expect(handshake.phase == .polling)
    }

    @Test("A flood of notifications while it drains brings it back to polling")
    mutating func floodInDraining() {
        drain()
        for number in 0..<21 { handshake.notified(at: now.ms(number)) }
        #expect(handshake.phase == .polling)
    }

    @Test("Locks that were lost with their session are queued for again, and X that was lost is no X")
    mutating func lostLocks() {
        handshake.wake(at: now)
        step(.lockPolling)
        handshake.locksLost(at: now)
        #expect(!handshake.hasPolling)
        step(.lockPolling)
        handshake = Handshake(.notified, pace: PollingPace())
        drain()
        step(.trySkipped)
        handshake.locksLost(at: now)
        #expect(handshake.phase == .polling)
        #expect(!handshake.hasSkipped)
        handshake = Handshake(.notified, pace: PollingPace())
        handshake.locksLost(at: now)
        #expect(handshake.phase == .listening)
    }

    @Test("A scan that fails is tried again at the pace, and under X it is back to polling")
    mutating func failedScan() {
        handshake.wake(at: now)
        step(.lockPolling)
        #expect(handshake.next(at: now) == .scan)
        handshake.scanBegan()
        handshake.scanFailed(at: now)
        #expect(handshake.next(at: now) == .wait(until: now.ms(50)))
        handshake = Handshake(.notified, pace: PollingPace())
        drain()
        step(.trySkipped)
        #expect(handshake.next(at: now) == .scan)
        handshake.scanBegan()
        handshake.scanFailed(at: now)
        #expect(handshake.phase == .polling)
        step(.unlockSkipped)
    }

    @Test("Where nobody notifies it polls for ever, and takes no lock")
    mutating func polled() {
        handshake = Handshake(.polled, pace: PollingPace())
        handshake.wake(at: now)
        for _ in 0..<10 { scan(0) }
        #expect(handshake.phase == .polling)
        #expect(handshake.next(at: now) == .wait(until: now.ms(1000)))
    }

    @Test("A change of the mode gives K back, or begins by polling")
    mutating func modes() {
        handshake.wake(at: now)
        step(.lockPolling)
        handshake.apply(.polled, at: now)
        step(.unlockPolling)
        scan(0)
        handshake.apply(.notified, at: now)
        #expect(handshake.phase == .polling)
        step(.lockPolling)
    }

    @Test("Other paces hold from the next scan on")
    mutating func otherPace() {
        handshake = Handshake(.polled, pace: PollingPace())
        handshake.wake(at: now)
        for _ in 0..<6 { scan(0) }
        var paces = PollingPace()
        paces.longest = .milliseconds(300)
        handshake.apply(paces)
        scan(0)
        #expect(handshake.next(at: now) == .wait(until: now.ms(300)))
    }
}
