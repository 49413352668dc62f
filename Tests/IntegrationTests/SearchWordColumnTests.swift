@testable import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("A column of words that is added later, and keys as they are given")
struct SearchWordColumnTests {
    private func findings(_ place: SearchPlace, as role: String) async throws -> [Finding] {
        let connection = try await SessionFactory(
            ConnectionOptions(conninfo: place.place.database.conninfo(user: role))
        )
        .open()
        let result: Result<[Finding], any Error>
        do {
            let checkup = Checkup(connection, embedder: HashEmbedder(dimension: 16), version: "test")
            result = .success(try await checkup.table(try place.spec).filter { $0.level == .warning })
        } catch {
            result = .failure(error)
        }
        await connection.close()
        return try result.get()
    }

    @Test(
        "It is made as check says, is told while the daemon's role may not read it, and set-up grants it",
        arguments: PostgresServer.Flavour.allCases)
    func life(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SearchPlace.make(flavour)
        let role = "daemon_\(place.place.database.name)"
        try await place.place.run("CREATE ROLE \(role) LOGIN")
        let options = SetupOptions(spec: try place.spec, identity: SearchPlace.identity, role: role, version: "test")
        try await place.place.setUp(options)
        #expect(try await findings(place, as: role).isEmpty)
        let facts = try await DatabaseFacts.load(on: place.place.connection)
        let shape = try await TableShape.load(try place.spec, facts: facts, on: place.place.connection)
        let advice = WordAdvice(shape: shape, recipe: try place.spec.recipe, rows: 6_000, configuration: "english")
        for statement in advice.statements.split(separator: ";") { try await place.place.run(String(statement)) }

        let told = try await findings(place, as: role)
        #expect(told.count == 1 && told[0].found.contains("may not read fts"))
        #expect(try await place.place.setUp(options).steps.map(\.title) == ["privileges for role \(role)"])
        #expect(try await findings(place, as: role).isEmpty)
        // "compress" and "Compressing" are the same word in English only, which the column is in.
        #expect(try await place.answer(SearchQuery("compress", mode: .text), as: role).hits.count == 10)
    }

    @Test(
        "Keys are found as the server reads them, and told as it writes them",
        arguments: PostgresServer.Flavour.allCases)
    func keys(_ flavour: PostgresServer.Flavour) async throws {
        let upper = "ABCDEF00-0000-0000-0000-00000000000A"
        for (type, own, given) in [
            ("uuid", upper.lowercased(), [upper, "{\(upper)}", "abcdef00-0000-0000-0000-00000000000b"]),
            ("bigint", "1", [" 1", "0001", "2"]), ("text", "a", ["a", "a", "A"]),
            ("numeric", "1.0", ["1", "1.00", "2"]),
        ] {
            let place = try await SetupPlace.make(
                flavour,
                "CREATE TABLE notes (id \(type) PRIMARY KEY, title text, body text, embedding real[])")
            try await place.setUp()
            try await place.run("INSERT INTO notes VALUES ('\(own)', 't', 'b')")
            let connection = try await SessionFactory(ConnectionOptions(conninfo: place.database.conninfo)).open()
            let table = try await WatchedTable.load(
                SetupPlace.options().spec, identity: SetupPlace.hash, on: connection)
            let keys = given.map { RowKey($0) }
            let pending = EmbeddedRows.Row(key: RowKey(own), isEmbedded: false)
            #expect(
                try await EmbeddedRows.among(keys, of: table, on: connection) == [pending, pending, nil], "\(type)")
            try await place.run("UPDATE notes SET embedding = '{1,0,0}'")
            let filled = EmbeddedRows.Row(key: RowKey(own), isEmbedded: true)
            #expect(try await EmbeddedRows.among(keys, of: table, on: connection) == [filled, filled, nil], "\(type)")
            await connection.close()
        }
    }
}
