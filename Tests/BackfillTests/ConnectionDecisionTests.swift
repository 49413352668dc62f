import PostgresClient
import Testing

@testable import Backfill

@Suite struct ConnectionDecisionTests {
    @Test("The notification queue is spoken of once, and again when it had been better")
    func queue() {
        var gauge = QueueGauge()
        let measured = [0, 0.25, 0.26, 0.6, 0.26, 0.1, 0.3, 0.3]
        #expect(measured.map { gauge.record($0) } == [false, false, true, false, false, false, true, false])
    }

    @Test("Two connections have a session each where each keeps to a process of its own, and only there")
    func sessions() {
        #expect(PoolerMode.observed([1, 1, 1], [2, 2, 2]) == .session)
        // The one last given back; in turn; a single one; one of two that others use too.
        #expect(PoolerMode.observed([1, 1, 1], [1, 1, 1]) == .transaction)
        #expect(PoolerMode.observed([1, 3, 5], [2, 4, 6]) == .transaction)
        #expect(PoolerMode.observed([1, 1, 2], [2, 2, 2]) == .transaction)
        #expect(PoolerMode.observed([1, 1, 1], [2, 2, 3]) == .transaction)
    }

    @Test("A session that hears nothing is distrusted once, and not where the configuration says what it is")
    func distrust() {
        let found = SessionFactory(ConnectionOptions())
        #expect(!found.isPooled)
        #expect(found.distrust())
        #expect(found.isPooled)
        #expect(!found.distrust())
        let told = SessionFactory(ConnectionOptions(), pooler: .session)
        #expect(!told.distrust())
        #expect(!told.isPooled)
        #expect(SessionFactory(ConnectionOptions(), pooler: .transaction).isPooled)
    }
}
