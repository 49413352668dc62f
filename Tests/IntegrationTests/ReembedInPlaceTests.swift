import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("Another model in the place of the old vectors", .inLanes)
struct ReembedInPlaceTests {
    private func status(_ lab: Lab) async throws -> ReembedStatus? {
        let connection = try await lab.sessions.open()
        let table = try await WatchedTable.load(lab.spec(lab.tables[0]), identity: nil, on: connection)
        let status = try await TableStatus.load(table, on: connection).reembed
        await connection.close()
        return status
    }

    @Test(
        "Row by row; interrupted it goes on from its cursor, and the status says how mixed the column is",
        arguments: PostgresServer.Flavour.allCases)
    func walks(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.filled(flavour, rows: 200)
        let model = ModelEmbedder("new") { if $0.contains("text 105") { throw Interrupted() } }
        await #expect(throws: Interrupted.self) { try await lab.reembed(model, inPlace: true) }
        let status = try #require(try await status(lab))
        #expect(status.line == "in place to new; about 50 % of the vectors are still of sha256-sincos")
        // Search loses no row, and what changes is the new model's from the first moment on.
        #expect(try await lab.pending() == 0)
        #expect((100...120).contains(try await lab.vectors(of: model).right))
        await #expect(throws: TableProblem.self) { try await lab.drain(lab.embedder) }
        try await lab.run(
            "UPDATE notes SET topic = 'changed ' || id WHERE id IN (3, 150); DELETE FROM notes WHERE id = 160")
        try await lab.drain(model)
        let again = ModelEmbedder("new")
        let result = try await lab.reembed(again)
        #expect(result.embedded == 99 && again.texts.count == 99 && result.failed.isEmpty)
        try await lab.expectAll(199, of: again)
        #expect(try await self.status(lab) == nil)
        try await lab.expectSetUp(again)
    }

    @Test("A vector that somebody sets meanwhile stays; a row that is locked is waited for")
    func others() async throws {
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 30)
        let holder = try await lab.connect()
        let tally = Tally()
        let model = ModelEmbedder("new") { texts in
            guard tally.next() == 1 else { return }
            try await lab.run("UPDATE notes SET embedding = '[1,2,3,4,5,6,7,8]' WHERE id = 3")
            try await holder.script("BEGIN; UPDATE notes SET other = 5 WHERE id = 4", name: "the holder")
        }
        let waits = Tally()
        let running = Task {
            try await lab.withReembed(model) {
                try await $0.run(inPlace: true) { if case .locked = $0 { waits.next() } }
            }
        }
        try await eventually("it waits for the row") { waits.count > 0 }
        try await holder.script("COMMIT", name: "the holder")
        #expect(try await running.value.embedded == 30)
        #expect(try await lab.values("SELECT embedding FROM notes WHERE id = 3") == ["[1,2,3,4,5,6,7,8]"])
        #expect(try await lab.vectors(of: model).right == 29)
        await holder.close()
    }

    @Test("Rows that take no new vector keep the old one, and are told of", arguments: [true, false])
    func failing(_ isCheck: Bool) async throws {
        let lab = try await Lab.filled(.debian, rows: 30)
        let old = try #require(try await lab.values("SELECT embedding FROM notes WHERE id = 7")[0])
        try await lab.run(
            isCheck
                ? "ALTER TABLE notes ADD CONSTRAINT odd CHECK (id <> 7 OR embedding = \(quoteLiteral(old))::real[])"
                : """
                CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                CREATE TRIGGER keep BEFORE UPDATE ON notes FOR EACH ROW WHEN (OLD.id = 7) EXECUTE FUNCTION keep()
                """)
        let model = ModelEmbedder("new")
        let result = try await lab.reembed(model, inPlace: true)
        #expect(result.embedded == 29)
        #expect(result.failed.keys.map(\.text) == ["7"])
        let found = try await lab.vectors(of: model)
        #expect(found.filled == 30 && found.right == 29, "\(found)")
        // It is not forgotten: not by the status, not by the next run, and not by one after it that has no better luck.
        #expect(
            try await status(lab)?.line
                == """
                in place to new; 1 row still has a vector of sha256-sincos: key 7: mend what keeps them and run "backfilld \
                reembed" again, or set their embedding to NULL and run it again
                """)
        let second = try await lab.reembed(ModelEmbedder("new"), inPlace: true)
        #expect(second.embedded == 0 && second.failed.count == 1)
        #expect(try await status(lab)?.failedKeys == ["7"])
        try await lab.run(isCheck ? "ALTER TABLE notes DROP CONSTRAINT odd" : "DROP TRIGGER keep ON notes")
        let third = ModelEmbedder("new")
        #expect(try await lab.reembed(third).embedded == 1 && third.texts.count == 1)
        try await lab.expectAll(30, of: third)
        try await lab.expectSetUp(third)
    }

    @Test(
        "Until it is through, the table is not set up for another column or key, and not let go; two of one name differ"
    )
    func held() async throws {
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 60)
        try await lab.run("ALTER TABLE notes ADD embedding2 vector(8)")
        let failing = ModelEmbedder("sha256-sincos", traits: ["longTexts": "mean"]) {
            if $0.contains("text 30") { throw Interrupted() }
        }
        await #expect(throws: Interrupted.self) { try await lab.reembed(failing, inPlace: true) }
        let line = try #require(try await status(lab)).line
        #expect(line.hasSuffix("of the one before (embedder hash, not test; longTexts none, not mean)"), "\(line)")
        let connection = try await lab.connect()
        var table = lab.tables[0]
        table.embedding = "embedding2"
        for embedder in [failing as any Embedder, lab.embedder] {
            let options = SetupOptions(spec: lab.spec(table), identity: embedder.identity, version: "test")
            let problem = await #expect(throws: TableProblem.self) { try await Setup.plan(options, on: connection) }
            #expect(problem?.code == "reembed-under-way")
            #expect(problem?.remedy.contains("--in-place") == true && problem?.remedy.contains("--abandon") == false)
        }
        let removal = await #expect(throws: TableProblem.self) { try await Setup.removal(of: nil, on: connection) }
        #expect(removal?.code == "reembed-under-way" && removal?.remedy.contains("--abandon") == false)
        let whole = ModelEmbedder("sha256-sincos", traits: ["longTexts": "mean"])
        try await lab.reembed(whole)
        try await lab.expectAll(60, of: whole)
        _ = try await Setup.removal(of: nil, on: connection)
        await connection.close()
    }

    @Test("It may begin again with another model, and be given up for the old one; --abandon it cannot be")
    func back() async throws {
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 60)
        let failing = ModelEmbedder("new") { if $0.contains("text 30") { throw Interrupted() } }
        await #expect(throws: Interrupted.self) { try await lab.reembed(failing, inPlace: true) }
        let third = ModelEmbedder("third")
        #expect(try await lab.problem(third).code == "reembed-under-way")
        let abandoned = await #expect(throws: TableProblem.self) { try await lab.abandon() }
        #expect(abandoned?.code == "reembed-under-way")
        try await lab.reembed(third, inPlace: true)
        try await lab.expectAll(60, of: third)
        try await lab.expectSetUp(third)
    }
}
