@testable import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Names that are up to no good", .serialized)
struct SetupHostileNameTests {
    static let names = [
        "two words", "a:b :c :'d' :\"e\"", "q\"uote", "\"", "\"\"; DROP TABLE victim; --",
        "it's; DROP TABLE victim; --",
        "$backfilld$; DROP TABLE victim; $backfilld1$", "100%s %I %1$L", "{key} {table} {embedding} {watch}", "}{",
        "back\\slash\\' \\",
        "naïve ключ 表 🎛", "two\nlines\r\n\\! touch x", "/* c */ -- c", "SELECT", "NEW", "backfilld_inserted", "pending",
        "keys", "tab\t\u{1}", String(repeating: "n", count: 63), "ü" + String(repeating: "ä", count: 30),
        // A mark that joins the character before it: for Swift, not for the server, the quote is another character.
        "q\"\u{301}; DROP TABLE victim; --", "q'\u{301}; DROP TABLE victim; --", "b\\\u{301}'\u{301}",
        "$backfilld$\u{301}; DROP TABLE victim; --", "{key}\u{301}", "\u{301}", "e\u{301} é",
    ]

    /// As the server quotes, by bytes: what is tested must not be its own measure.
    private static func quoted(_ name: String) -> String {
        let bytes = name.utf8.flatMap { $0 == UInt8(ascii: "\"") ? [$0, $0] : [$0] }
        return "\"" + String(decoding: bytes, as: UTF8.self) + "\""
    }

    /// A name that begins with a letter of its own, and has at most the 63 bytes that names have.
    private static func name(_ letter: String, _ rest: String) -> String {
        var name = (letter + rest).unicodeScalars
        while String(name).utf8.count > 63 { name.removeLast() }
        return String(name)
    }

    @Test("Schema, table, columns and role with such names: set up, watched, removed")
    func survives() async throws {
        // One database for all of them: what set-up leaves behind would be in the next one's way.
        let place = try await SetupPlace.make(.pg18WithPgvector, "CREATE TABLE victim ()")
        for odd in Self.names { try await survives(odd, place) }
    }

    private func survives(_ odd: String, _ place: SetupPlace) async throws {
        let (key, text, embedding) = (Self.name("k", odd), Self.name("t", odd), Self.name("e", odd))
        let table = "\(Self.quoted(odd)).\(Self.quoted(odd))"
        let sql = """
            CREATE SCHEMA \(Self.quoted(odd));
            CREATE TABLE \(table) (\(Self.quoted(key)) text PRIMARY KEY, \(Self.quoted(text)) text,
                \(Self.quoted(embedding)) real[])
            """
        try await place.run(sql)
        let name = QualifiedName(schema: odd, name: odd)
        #expect(Array(try QualifiedName(parsing: name.description).name.utf8) == Array(odd.utf8))
        let options = SetupPlace.options(name, key: key, text: [text], embedding: embedding)
        // Through psql: what --print shows must be as safe as what is run.
        try await place.database.psql(try await Setup.plan(options, on: place.connection).script)
        try await place.setUp(options)
        let watched = try await WatchedTable.load(options.spec, identity: SetupPlace.hash, on: place.connection)
        let ear = try await SetupEar(place)
        #expect(try await ear.payloads(of: "INSERT INTO \(table) VALUES ('a', 'b')") == ["1 [\"a\"]"])
        for file in [SQLFile.scanBacklog, SQLFile.probePending, SQLFile.batchRead, SQLFile.batchWrite] {
            let columns = watched.fragments.merging(["columns": "1 AS c"]) { $1 }
            let statement = SQLFile.fill(file, columns)
            try await place.connection.script(
                "PREPARE s AS \(statement); DEALLOCATE s", name: "the daemon's statement")
        }
        let source = "SELECT (\(watched.source.sql(alias: "t")))::text FROM \(table) AS t"
        let plain = SourceExpression(columns: ["x"]).sql(alias: "t")
        #expect(
            try await place.texts(source)
                == (try await place.texts("SELECT (\(plain))::text FROM (SELECT 'b') AS t (x)")))
        try await place.run("UPDATE \(table) SET \(Self.quoted(embedding)) = '{1}'")
        try await place.run("UPDATE \(table) SET \(Self.quoted(text)) = 'c'")
        let cleared = "SELECT (\(Self.quoted(embedding)) IS NULL)::text FROM \(table)"
        #expect(try await place.texts(cleared) == ["true"])
        #expect(try await TextPreview(options.spec, textBytes: 100).rows(5, on: place.connection).map(\.text) == ["c"])
        try await place.database.psql(try await Setup.removal(of: nil, on: place.connection).script)
        #expect(try await place.texts("SELECT count(*)::text FROM pg_trigger") == ["0"])
        #expect(try await place.texts("SELECT to_regclass('victim')::text") == ["victim"])
    }
}
