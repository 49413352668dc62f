import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("The hash of what a text is made from", .serialized)
struct SetupSourceHashTests {
    /// The hash of one row of literals.
    private func hash(_ values: [String], on connection: PostgresConnection) async throws -> String {
        let columns = values.indices.map { "c\($0)" }
        let source = SourceExpression(columns: columns).sql(alias: "t")
        let sql =
            "SELECT (\(source))::text FROM (VALUES (\(values.joined(separator: ", ")))) AS t (\(columns.joined(separator: ", ")))"
        return try #require(try await SetupPlace.texts(sql, on: connection).first ?? nil)
    }

    @Test(
        "Texts that differ in any way have different hashes, equal ones the same",
        arguments: PostgresServer.Flavour.allCases)
    func differs(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour, "")
        let rows = [
            ["'ab'", "'c'"], ["'a'", "'bc'"], ["'abc'", "''"], ["''", "'abc'"], ["'abc'", "NULL"], ["NULL", "'abc'"],
            ["NULL", "NULL"], ["''", "''"], ["'-'", "''"], ["'='", "''"], ["'-'", "'-'"], ["'='", "'='"],
            ["'=-'", "NULL"], ["NULL", "''"], ["''", "NULL"], ["'c'", "'ab'"], ["'AB'", "'c'"], ["'ab '", "'c'"],
            ["U&'e\\0301'", "''"], ["U&'\\00e9'", "''"], ["'ab'", "'c'", "NULL"], ["'ab'", "'c'", "''"],
        ]
        var hashes: [String] = []
        for row in rows {
            let hash = try await hash(row, on: place.connection)
            #expect(try await self.hash(row, on: place.connection) == hash)
            hashes.append(hash)
        }
        #expect(Set(hashes).count == rows.count)
    }

    @Test(
        "Whatever server, database and role say, sessions of ours hash alike",
        arguments: PostgresServer.Flavour.allCases)
    func pinned(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour, "")
        let values = [
            "'2026-01-02 03:04:05+00'::timestamptz", "'2026-02-01'::date", "'1 year 2 days 03:00'::interval",
            "0.1::float8 + 0.2::float8", "'\\x00ff'::bytea", "'{1.5,NULL}'::float4[]", "'(a,1)'::text", "1.00::numeric",
        ]
        let factory = SessionFactory(ConnectionOptions(conninfo: place.database.conninfo))
        let expected = try await hash(values, on: try await factory.open())
        let odd = [
            "TimeZone = 'Asia/Kolkata'", "DateStyle = 'German, DMY'", "IntervalStyle = 'iso_8601'",
            "extra_float_digits = -15", "bytea_output = 'escape'", "search_path = 'nowhere'",
        ]
        for setting in odd { try await place.run("ALTER DATABASE \(place.database.name) SET \(setting)") }
        let bare = try await place.connect()
        #expect(try await hash(values, on: bare) != expected)
        #expect(try await hash(values, on: try await factory.open()) == expected)
    }

    @Test("A collation that calls different texts equal does not hide a change")
    func nondeterministic() async throws {
        let place = try await SetupPlace.make(
            .debian,
            """
            CREATE COLLATION anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            CREATE TABLE t (c0 text COLLATE anycase); INSERT INTO t VALUES ('A'), ('a')
            """)
        let source = SourceExpression(columns: ["c0"]).sql(alias: "t")
        #expect(try await place.texts("SELECT count(DISTINCT \(source))::text FROM t") == ["2"])
    }
}
