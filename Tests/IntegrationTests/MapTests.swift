@testable import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("The map of a table")
struct MapTests {
    @Test(
        "Rows come with their vectors, titles and kinds, the same ones each time",
        arguments: PostgresServer.Flavour.allCases)
    func sample(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SearchPlace.make(flavour)
        let (search, connection) = try await place.search()
        let rows = try await search.mapRows(2000, of: 200, on: connection)
        // Each tenth has no vector.
        #expect(rows.count == 180 && Set(rows.map(\.key)).count == 180)
        let stored = try await place.place.connection.execute(
            Statement("vectors", "SELECT id::text, embedding::real[] FROM songs WHERE embedding IS NOT NULL"))
        let vectors = Dictionary(
            uniqueKeysWithValues: try stored.map {
                (try $0.decode(0, as: String.self), try $0.decode(1, as: [Float].self))
            })
        for row in rows {
            #expect(row.vector == vectors[row.key] && row.title == "Song \(row.key)")
            #expect(["jazz", "mixing", "blues"].contains(row.category ?? ""))
        }
        let few = try await search.mapRows(50, of: 200, on: connection)
        #expect(few == Array(rows.prefix(50)))
        // What comes later does not move the others, and is there itself.
        try await place.place.run(
            "INSERT INTO songs (id, title, embedding) SELECT 1000, 'Late', embedding FROM songs WHERE id = 1")
        let later = try await search.mapRows(2000, of: 200, on: connection)
        #expect(later.filter { $0.key != "1000" } == rows && later.count == 181)
        #expect(TableMap(of: later)?.points.count == 181)
        let found = try await search.vectors(of: ["1", "10", "77777", "1000"], on: connection)
        #expect(found == ["1": vectors["1"]!, "1000": vectors["1"]!])
        await connection.close()
    }

    @Test(
        "halfvec, a key and columns whose names need quotes, and pgvector in a schema of its own",
        arguments: [false, true])
    func types(isHalf: Bool) async throws {
        let type = isHalf ? "ext.halfvec(16)" : "ext.vector(16)"
        let place = try await SearchPlace.make(
            .pg18WithPgvector, table: "public.songs", key: "the \"Key\"", type: type, schema: "ext")
        let (search, connection) = try await place.search()
        let rows = try await search.mapRows(2000, of: 200, on: connection)
        #expect(rows.count == 180)
        let map = try #require(TableMap(of: rows))
        #expect(map.points.count == 180 && map.projection.explained[0] > 0)
        await connection.close()
    }

    @Test("A long vector makes the sample smaller, not the memory larger; vectors that are no numbers stay away")
    func bounds() async throws {
        let place = try await SearchPlace.make(.debian, rows: 60)
        try await place.place.run(
            "UPDATE songs SET embedding[3] = 'NaN' WHERE id = 1; UPDATE songs SET embedding = '{1,2}' WHERE id = 2")
        let (search, connection) = try await place.search()
        let rows = try await search.mapRows(2000, of: 200, on: connection)
        #expect(rows.count == 52 && !rows.contains { ["1", "2"].contains($0.key) })
        await connection.close()
        #expect(Search.mostBytes / (3072 * 4) < 2000)
    }
}
