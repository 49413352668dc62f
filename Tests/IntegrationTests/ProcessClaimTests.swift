import Backfill
import TestSupport
import Testing

/// What `status` and `explain` say of a daemon that holds claims.
@Suite(.serialized) struct ProcessClaimTests {
    /// Where the binary is run on a lab's table.
    private static func place(beside lab: Lab) throws -> Workplace {
        let place = Workplace(database: lab.database, folder: try temporaryFolder())
        try place.write("[[tables]]\nname = \"notes\"\ncolumns = [\"topic\"]\n", to: "backfilld.toml")
        return place
    }

    @Test("A session that is no daemon's and has one of our locks is told of, by the journal and by explain")
    func stranger() async throws {
        let lab = try await Lab.make(.debian)
        let place = try Self.place(beside: lab)
        let stranger = try await lab.connect()
        // The bucket of row 1 of the first table that is watched, and the class of claims.
        try await stranger.script(
            "SET application_name = 'nightly'; SELECT pg_advisory_lock(1650879587, \(1024 + RowKey("1").bucket))",
            name: "a stranger's lock")
        try await lab.withDaemon { daemon in
            try await lab.run("INSERT INTO notes VALUES (1, 'kept'), (2, 'free')")
            try await daemon.tells("who is in the way") { !$0.obstructed.isEmpty }
            let pid = await stranger.backendPID
            #expect(
                daemon.told.obstructed.first?.description == "server process \(pid) (nightly), which is no daemon's")
            try await place.run("explain", "1").expect(
                .code(0), "claimed    by server process \(pid) (nightly), which is no daemon's",
                "no daemon gets to claim it")
            #expect(try await lab.pending() == 1)
            // Once, and not with every other heartbeat.
            try await daemon.heartbeats(6)
            #expect(daemon.told.obstructed.count == 1)
            await stranger.close()
            try await lab.allRight()
        }
    }

    @Test("A row that a transaction has locked is explained with the server process that has it")
    func locked() async throws {
        let lab = try await Lab.make(.pg18WithPgvector)
        let place = try Self.place(beside: lab)
        let other = try await lab.connect()
        try await lab.run("INSERT INTO notes VALUES (1, 'kept'), (2, 'free')")
        try await other.script("BEGIN; SELECT FROM notes WHERE id = 1 FOR UPDATE", name: "lock a row")
        try await lab.withDaemon { daemon in
            try await daemon.tells("the other row") { $0.written == 1 }
            try await eventually("the daemon is known", polling: .milliseconds(100)) {
                try await place.run("explain", "1").output.contains("; it is embedded when the lock is gone")
            }
            try await place.run("explain", "1").expect(
                .code(0), "locked     by server process \(await other.backendPID), whose transaction has not ended")
            try await other.script("ROLLBACK", name: "release it")
            try await lab.allRight()
            #expect(try await !place.run("explain", "1").output.contains("locked  "))
        }
    }

    @Test("A daemon that has a claim and has stopped asking anything is told of by its peers")
    func silent() async throws {
        let lab = try await Lab.make(.debian)
        let stopped = try await lab.connect()
        // What a daemon's session has: the lock that says it is one, and a claim.
        try await stopped.script(
            "SELECT pg_advisory_lock(1650879600, 0); "
                + "SELECT pg_advisory_lock(1650879587, \(1024 + RowKey("1").bucket))", name: "a daemon's locks")
        try await lab.withDaemon { daemon in
            try await lab.run("INSERT INTO notes VALUES (1, 'kept'), (2, 'free')")
            try await daemon.tells("who is in the way") { !$0.obstructed.isEmpty }
            let told = daemon.told.obstructed.first?.obstruction ?? ""
            #expect(told.contains("a daemon that has said nothing for") && told.contains("resume or end it"), "\(told)")
            await stopped.close()
            try await lab.allRight()
        }
    }

    @Test("status and explain show what a daemon at work holds, its host and its process, and nothing when it is done")
    func live() async throws {
        let lab = try await Lab.make(.pg18WithPgvector)
        let place = try Self.place(beside: lab)
        try await lab.withDaemon { daemon in
            lab.embedder.hold()
            try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 3) AS i")
            try await lab.embedder.isHolding()
            let buckets = Set(["1", "2", "3"].map { RowKey($0).bucket }).count
            try await eventually("told by status", polling: .milliseconds(100)) {
                let status = try await place.run("status").expect(.code(0)).output
                return status.contains("test, process 1: working") && status.contains("at work on 3")
                    && status.contains("\(buckets) of 1,024 buckets claimed")
            }
            let json = try await place.run("status", "--json").expect(.code(0)).json()
            let table = try #require((json["tables"] as? [[String: Any]])?.first)
            let told = try #require((table["daemons"] as? [[String: Any]])?.first)
            #expect(told["host"] as? String == "test" && told["pid"] as? Int == 1)
            #expect(told["claimed"] as? Int == buckets && told["working"] as? Int == 3)
            try await place.run("explain", "2").expect(
                .code(0), "claimed    by test, process 1", "a daemon has claimed rows of its bucket")
            lab.embedder.release()
            try await lab.allRight()
            try await eventually("nothing claimed", polling: .milliseconds(100)) {
                try await !place.run("status").output.contains("claimed")
            }
            #expect(try await !place.run("explain", "2").output.contains("claimed"))
        }
    }
}
