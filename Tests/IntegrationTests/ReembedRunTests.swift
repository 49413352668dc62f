import Backfill
import Embedders
import PostgresClient
import Synchronization
import TestSupport
import Testing

@Suite("A reembed that is interrupted, joined, or taken back", .inLanes)
struct ReembedRunTests {
    @Test(
        "Interrupted in the middle it goes on where it was, and embeds nothing twice that was written",
        arguments: PostgresServer.Flavour.allCases)
    func goesOn(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.filled(flavour, rows: 200)
        let calls = Tally()
        let model = ModelEmbedder("new", dimension: 6) { _ in if calls.next() > 8 { throw Interrupted() } }
        await #expect(throws: Interrupted.self) { try await lab.reembed(model) }
        let done = try await lab.number("SELECT count(*) FROM notes WHERE embedding_next IS NOT NULL")
        #expect(done > 0 && done < 200)
        // Search goes on in the old column, and both are cleared by a change of the text.
        #expect(try await lab.wrongRows() == [])
        try await lab.run(
            "UPDATE notes SET topic = 'changed' WHERE id IN (SELECT id FROM notes WHERE embedding_next IS NOT NULL LIMIT 2)"
        )
        #expect(try await lab.pending() == 2)
        #expect(try await lab.number("SELECT count(*) FROM notes WHERE embedding_next IS NOT NULL") == done - 2)
        // Set-up has nothing against it, the status knows of it, and another model may not come in between.
        let connection = try await lab.connect()
        let options = SetupOptions(spec: lab.spec(lab.tables[0]), identity: lab.embedder.identity, version: "test")
        #expect(try await Setup.problems(with: options, on: connection) == [])
        #expect(try await Setup.plan(options, on: connection).isEmpty)
        let table = try await WatchedTable.load(options.spec, identity: nil, on: connection)
        let status = try #require(try await TableStatus.load(table, on: connection).reembed)
        #expect(status.mode == .shadow && status.phase == .filling && status.model == "new")
        #expect(abs(status.share - Double(done - 2) / 200) < 0.001)
        #expect(try await lab.problem(ModelEmbedder("third")).code == "reembed-under-way")
        #expect(try await lab.problem(model, inPlace: true).code == "reembed-under-way")
        await connection.close()

        let again = ModelEmbedder("new", dimension: 6)
        let result = try await lab.reembed(again)
        #expect(result.embedded == 200 - done + 2)
        #expect(again.texts.count == 200 - done + 2)
        try await lab.expectAll(200, of: again)
        try await lab.expectSetUp(again)
    }

    @Test(
        "The server ends every session in the middle: it says so, and goes on when it is run again",
        arguments: [false, true])
    func sessions(_ inPlace: Bool) async throws {
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 100)
        let calls = Tally()
        let model = ModelEmbedder("new") { _ in
            guard calls.next() == 4 else { return }
            try await lab.run(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """)
        }
        await #expect(throws: PostgresError.self) { try await lab.reembed(model, inPlace: inPlace) }
        try await eventually("the lock is free") {
            try await lab.number(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                    + "AND backend_type = 'client backend'") == 0
        }
        let again = ModelEmbedder("new")
        try await lab.reembed(again)
        try await lab.expectAll(100, of: again)
        #expect(again.texts.count < 100)
        try await lab.expectSetUp(again)
    }

    @Test("Text changed and rows inserted while their vectors are made: the vector of the old text lands nowhere")
    func changes() async throws {
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 60)
        let tally = Tally()
        let model = ModelEmbedder("new") { texts in
            guard texts.contains("text 30"), tally.next() == 1 else { return }
            try await lab.run(
                """
                UPDATE notes SET topic = 'changed ' || id WHERE id BETWEEN 25 AND 35;
                INSERT INTO notes VALUES (61, 'late'); DELETE FROM notes WHERE id = 40
                """)
        }
        try await lab.reembed(model)
        let found = try await lab.vectors(of: model)
        #expect(found.filled == 60 && found.right == 60, "\(found)")
    }

    @Test("--abandon takes away whatever it made; there is nothing left of it in a dump")
    func abandon() async throws {
        let lab = try await Lab.filled(.debian, rows: 50)
        let place = SetupPlace(database: lab.database, connection: lab.user)
        let before = try await place.dump()
        await #expect(throws: Interrupted.self) {
            try await lab.reembed(ModelEmbedder("new") { if $0.contains("text 40") { throw Interrupted() } })
        }
        #expect(try await lab.columns().last == "embedding_next")
        let anything = ModelEmbedder("whatever")
        #expect(try await lab.abandon() == "embedding_next")
        // Only the numbers of runs have gone on, and rows lie in another order.
        let lines = { (dump: String) in
            dump.split(separator: "\n").filter { !$0.contains("reembed_run_seq'") }.sorted().joined(separator: "\n")
        }
        #expect(try await lines(place.dump()) == lines(before))
        #expect(try await lab.abandon() == nil)
        try await lab.reembed(anything)
        try await lab.expectAll(50, of: anything)
    }

    @Test("setup --remove takes a run away too, and leaves the column in use")
    func removed() async throws {
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 50)
        let before = try await lab.values("SELECT embedding FROM notes ORDER BY id")
        await #expect(throws: Interrupted.self) {
            try await lab.reembed(ModelEmbedder("new") { if $0.contains("text 40") { throw Interrupted() } })
        }
        let connection = try await lab.connect()
        try await Setup.run(try await Setup.removal(of: nil, on: connection), on: connection)
        await connection.close()
        #expect(try await lab.columns() == ["id", "topic", "other", "embedding"])
        #expect(try await lab.values("SELECT embedding FROM notes ORDER BY id") == before)
        #expect(try await lab.number("SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%backfilld%'") == 0)
        #expect(try await lab.number("SELECT count(*) FROM pg_class WHERE relname LIKE '%backfilld%'") == 0)
    }

    @Test("An index whose building was cut off is dropped and built again; nothing is embedded for it")
    func indexing() async throws {
        let lab = try await Lab.filled(
            .pg18WithPgvector, rows: 50, indexes: "CREATE INDEX graph ON notes USING hnsw (embedding vector_l2_ops)")
        let holder = try await lab.connect()
        let model = ModelEmbedder("new", dimension: 6) { texts in
            guard texts.contains("text 50") else { return }
            // One that comes while rows are embedded is carried over as well. A batch that it holds up for too long comes again.
            try await lab.run("CREATE INDEX IF NOT EXISTS graph2 ON notes USING hnsw (embedding vector_cosine_ops)")
            // The build waits for whoever has written to the table before it, into a row that is done: which, is not said.
            let done = try await eventuallyValue("a row embedded anew") {
                try await lab.values("SELECT min(id) FROM notes WHERE embedding_next IS NOT NULL")[0]
            }
            try await holder.script("BEGIN; UPDATE notes SET other = 1 WHERE id = \(done)", name: "the holder")
        }
        let failure = Mutex<(any Error)?>(nil)
        let running = Task {
            do {
                return try await lab.reembed(model)
            } catch {
                failure.withLock { $0 = error }
                throw error
            }
        }
        let building = """
            pg_stat_progress_create_index AS i JOIN pg_class AS c ON c.oid = i.relid WHERE relname = 'notes'
                AND phase LIKE 'waiting%' AND datname = current_database()
            """
        try await eventually("the build waits") {
            if let error = failure.withLock({ $0 }) { throw error }
            guard Set(model.texts).count == 50 else { return false }
            return try await lab.number("SELECT count(*) FROM \(building)") == 1
        }
        try await lab.run("SELECT pg_terminate_backend(i.pid) FROM \(building)")
        await #expect(throws: PostgresError.self) { try await running.value }
        try await holder.script("COMMIT", name: "the holder")
        await holder.close()
        #expect(try await lab.number("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 1)
        let again = ModelEmbedder("new", dimension: 6)
        #expect(try await lab.reembed(again).embedded == 0)
        try await lab.expectAll(50, of: again)
        #expect(try await lab.number("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0)
        #expect(try await lab.number("SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'graph%'") == 4)
    }

    @Test("Two at once: the second refuses, and may when the first has died")
    func alone() async throws {
        let lab = try await Lab.filled(.debian, rows: 5)
        let model = ModelEmbedder("new")
        try await lab.withReembed(model) { _ in
            let problem = try await lab.problem(model)
            #expect(problem == .reembedRunning(table: "public.notes"))
        }
        try await lab.reembed(model)
        try await lab.expectAll(5, of: model)
    }

    @Test("A run that was replaced writes nothing more into the column of the one after it")
    func replaced() async throws {
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 30)
        let tally = Tally()
        let second = ModelEmbedder("second")
        let first = ModelEmbedder("first") { _ in
            guard tally.next() == 1 else { return }
            // As if its session had been lost, and with it the lock, and it had not noticed.
            let locks = """
                pg_locks WHERE locktype = 'advisory'
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """
            try await lab.run("SELECT pg_terminate_backend(pid) FROM \(locks)")
            try await eventually("the lock is free") { try await lab.number("SELECT count(*) FROM \(locks)") == 0 }
            try await lab.abandon()
            await #expect(throws: Interrupted.self) {
                try await lab.reembed(ModelEmbedder("second") { if $0.contains("text 25") { throw Interrupted() } })
            }
        }
        let problem = try await lab.problem(first)
        #expect(problem.code == "superseded")
        let found = try await lab.vectors(of: second, in: "embedding_next")
        #expect(found.filled == found.right && found.filled > 0, "\(found)")
    }
}
