@testable import Backfill
import PostgresClient
import TestSupport
import Testing

/// The writers' half of the handshake; the daemon's is played by sessions that take its locks.
@Suite("Writers and a daemon that polls", .serialized)
struct SetupHandshakeTests {
    private static let polling = "\(AdvisoryLock.polling), 1"
    private static let skipped = "\(AdvisoryLock.skipped), 1"

    /// Who holds or waits for a lock, such as "ShareLock", or "ExclusiveLock waits".
    private func locks(_ key: String, _ place: SetupPlace) async throws -> [String] {
        let halves = key.split(separator: ", ")
        return try await place.texts(
            """
            SELECT mode || CASE WHEN granted THEN '' ELSE ' waits' END FROM pg_locks
            WHERE locktype = 'advisory' AND classid = \(halves[0]) AND objid = \(halves[1]) AND objsubid = 2
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            ORDER BY 1
            """
        ).compactMap { $0 }
    }

    /// What a transaction sends; `body` runs before its end, while its locks are held.
    private func sent(
        by sql: String, _ ear: SetupEar, _ body: () async throws -> Void = {}
    ) async throws -> [String] {
        try await ear.payloads {
            try await ear.writing.script("BEGIN; \(sql)", name: "the writer")
            try await body()
            try await ear.writing.script("COMMIT", name: "the writer's end")
        }
    }

    @Test("Nobody polls: they notify", arguments: PostgresServer.Flavour.allCases)
    func idle(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        try await place.setUp()
        let ear = try await SetupEar(place)
        #expect(try await ear.payloads(of: "INSERT INTO notes (id) VALUES ('a')") == ["1 [\"a\"]"])
        // Another table's poller is not ours.
        try await place.run("SELECT pg_advisory_lock(\(AdvisoryLock.polling), 2)")
        #expect(try await ear.payloads(of: "INSERT INTO notes (id) VALUES ('b')") == ["1 [\"b\"]"])
        #expect(try await locks(Self.polling, place) == [])
        #expect(try await locks(Self.skipped, place) == [])
    }

    @Test("Somebody holds K: they send nothing, and hold X until they end", arguments: PostgresServer.Flavour.allCases)
    func polled(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        try await place.setUp()
        let ear = try await SetupEar(place)
        try await place.run("INSERT INTO notes VALUES ('old', 't', 'b', 1, '{1}')")
        let daemon = try await place.connect()
        try await daemon.script("SELECT pg_advisory_lock(\(Self.polling))", name: "K")
        for sql in ["INSERT INTO notes (id) VALUES ('a'), ('b')", "UPDATE notes SET title = 'x' WHERE id = 'old'"] {
            let payloads = try await sent(by: sql, ear) {
                #expect(try await locks(Self.skipped, place) == ["ShareLock"], "\(sql)")
                #expect(try await locks(Self.polling, place) == ["ExclusiveLock"], "\(sql)")
                let free = try await SetupPlace.texts("SELECT pg_try_advisory_lock(\(Self.skipped))::text", on: daemon)
                #expect(free == ["false"], "\(sql)")
            }
            #expect(payloads == [], "\(sql)")
            #expect(try await locks(Self.skipped, place) == [], "\(sql)")
        }
        // Rolled back to before its first row, a writer holds nothing back.
        let undone = try await sent(by: "SAVEPOINT s; INSERT INTO notes (id) VALUES ('c'); ROLLBACK TO s", ear) {
            let held = try await locks(Self.skipped, place)
            #expect(held == [])
        }
        #expect(undone == [])
        try await daemon.script("SELECT pg_advisory_unlock(\(Self.polling))", name: "K")
        #expect(try await ear.payloads(of: "INSERT INTO notes (id) VALUES ('d')") == ["1 [\"d\"]"])
        #expect(try await place.cleared() == ["a", "b", "d", "old"])
    }

    @Test(
        "Somebody is queued for K: they send nothing, though a notifying writer has it",
        arguments: PostgresServer.Flavour.allCases)
    func queued(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        try await place.setUp()
        let ear = try await SetupEar(place)
        let first = try await place.connect()
        try await first.script("BEGIN; INSERT INTO notes (id) VALUES ('first')", name: "the first writer")
        #expect(try await locks(Self.polling, place) == ["ShareLock"])
        let daemon = try await place.connect()
        async let waiting: Void = daemon.script("SELECT pg_advisory_lock(\(Self.polling))", name: "K")
        try await eventually("somebody waits for K") {
            try await locks(Self.polling, place) == ["ExclusiveLock waits", "ShareLock"]
        }
        #expect(try await ear.payloads(of: "INSERT INTO notes (id) VALUES ('second')") == [])
        // Who notified once goes on notifying: it has K already.
        let payloads = try await ear.payloads {
            try await first.script("INSERT INTO notes (id) VALUES ('third'); COMMIT", name: "the first writer's end")
        }
        #expect(payloads == ["1 [\"first\"]", "1 [\"third\"]"])
        try await waiting
        #expect(try await locks(Self.polling, place) == ["ExclusiveLock"])
    }

    @Test("Somebody holds X: they notify, even if K is held too", arguments: PostgresServer.Flavour.allCases)
    func leaving(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        try await place.setUp()
        let ear = try await SetupEar(place)
        let leaving = try await place.connect()
        try await leaving.script("SELECT pg_advisory_lock(\(Self.skipped))", name: "X")
        #expect(try await ear.payloads(of: "INSERT INTO notes (id) VALUES ('a')") == ["1 [\"a\"]"])
        let peer = try await place.connect()
        try await peer.script("SELECT pg_advisory_lock(\(Self.polling))", name: "K")
        #expect(try await ear.payloads(of: "INSERT INTO notes (id) VALUES ('b')") == ["1 [\"b\"]"])
        #expect(try await ear.payloads(of: "UPDATE notes SET title = 'x'") == ["1"])
    }

    @Test("Mode wake is quiet too, mode off takes no lock at all")
    func modes() async throws {
        let place = try await SetupPlace.make(.debian)
        try await place.setUp(SetupPlace.options(notify: .wake))
        let ear = try await SetupEar(place)
        let daemon = try await place.connect()
        try await daemon.script("SELECT pg_advisory_lock(\(Self.polling))", name: "K")
        #expect(try await ear.payloads(of: "INSERT INTO notes (id) VALUES ('a')") == [])
        try await daemon.script("SELECT pg_advisory_unlock(\(Self.polling))", name: "K")
        #expect(try await ear.payloads(of: "INSERT INTO notes (id) VALUES ('b')") == ["1"])
        try await place.setUp(SetupPlace.options(notify: .off))
        let off = try await sent(by: "INSERT INTO notes (id) VALUES ('c'); UPDATE notes SET title = 'x'", ear) {
            let held = try await locks(Self.polling, place) + locks(Self.skipped, place)
            #expect(held == [])
        }
        #expect(off == [])
    }

    @Test("A writer with INSERT and nothing else and no search_path, a renamed column: quiet while somebody polls")
    func modestWriter() async throws {
        let place = try await SetupPlace.make(.debian)
        let writer = "writer_\(place.database.name)"
        try await place.run(
            "CREATE ROLE \(writer) LOGIN; GRANT INSERT ON notes TO \(writer); ALTER ROLE \(writer) SET search_path = ''"
        )
        try await place.setUp()
        let ear = try await SetupEar(place, writer: writer)
        let daemon = try await place.connect()
        try await daemon.script("SELECT pg_advisory_lock(\(Self.polling))", name: "K")
        #expect(try await ear.payloads(of: "INSERT INTO public.notes (id) VALUES ('a')") == [])
        try await place.run("ALTER TABLE notes RENAME embedding TO vector")
        #expect(try await ear.payloads(of: "INSERT INTO public.notes (id) VALUES ('b')") == [])
        try await daemon.script("SELECT pg_advisory_unlock(\(Self.polling))", name: "K")
        #expect(try await ear.payloads(of: "INSERT INTO public.notes (id) VALUES ('c')") == ["1"])
    }
}
