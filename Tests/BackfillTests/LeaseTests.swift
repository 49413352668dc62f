import Testing

@testable import Backfill

@Suite struct LeaseTests {
    private let heartbeat = Duration.seconds(10)
    private var lease = Lease(heartbeat: .seconds(10))

    @Test("Nobody has what nobody asked for, and asking is due at once")
    func unknown() {
        #expect(!lease.isHeld(at: start))
        #expect(lease.isDue(at: start))
    }

    @Test("What is taken is ours for three heartbeats from before it was asked for, and asked for again in time")
    mutating func held() {
        lease.answered("us", remaining: .seconds(31), isUs: true, asked: start)
        #expect(lease.isHeld(at: start + .seconds(29.9)))
        #expect(!lease.isHeld(at: start + .seconds(30)))
        #expect(!lease.isDue(at: start + .seconds(4)))
        #expect(lease.isDue(at: start + .seconds(5)))
    }

    @Test("The server's shorter time counts")
    mutating func shorter() {
        lease.answered("us", remaining: .seconds(2), isUs: true, asked: start)
        #expect(lease.isHeld(at: start + .seconds(1)))
        #expect(!lease.isHeld(at: start + .seconds(2)))
    }

    @Test("A server that does not answer takes nothing away before its time")
    mutating func silent() {
        lease.answered("us", remaining: .seconds(30), isUs: true, asked: start)
        for seconds in [10, 20] {
            #expect(lease.isDue(at: start + .seconds(seconds)))
            lease.failed(asked: start + .seconds(seconds))
            #expect(lease.isHeld(at: start + .seconds(seconds)))
        }
        #expect(!lease.isHeld(at: start + .seconds(30)))
    }

    @Test("Another's is not ours, and is asked for again when its time is over or half a heartbeat has gone")
    mutating func others() {
        lease.answered("them", remaining: .seconds(2), isUs: false, asked: start)
        #expect(!lease.isHeld(at: start))
        #expect(lease.holder == .other("them", until: start + .seconds(2)))
        #expect(!lease.isDue(at: start + .seconds(1)))
        #expect(lease.isDue(at: start + .seconds(2)))
        lease.answered("them", remaining: .seconds(30), isUs: false, asked: start + .seconds(2))
        #expect(!lease.isDue(at: start + .seconds(6)))
        #expect(lease.isDue(at: start + .seconds(7)))
    }

    @Test("Taken over by another, ours is over at once; a race that nobody won is nobody's")
    mutating func lost() {
        lease.answered("us", remaining: .seconds(30), isUs: true, asked: start)
        lease.answered("them", remaining: .seconds(30), isUs: false, asked: start + .seconds(10))
        #expect(!lease.isHeld(at: start + .seconds(10)))
        lease.answered(nil, remaining: .zero, isUs: false, asked: start + .seconds(20))
        #expect(lease.holder == .unknown)
        #expect(!lease.isHeld(at: start + .seconds(20)))
    }
}
