@testable import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

/// A table of songs with vectors, set up, to be searched: and by hand, to see whether the answers are right.
struct SearchPlace: Sendable {
    let place: SetupPlace
    let flavour: PostgresServer.Flavour
    let table: String
    let key: String

    static let dimension = 16
    static let identity = EmbedderIdentity(embedder: "hash", model: "sha256-sincos", dimension: dimension)

    /// Songs numbered from 1, of which each tenth has no vector.
    ///
    /// - Parameters:
    ///   - columns: More columns.
    ///   - create: The whole table where the usual one will not do; `{embedding}` stands for the type.
    ///   - schema: Where pgvector is.
    static func make(
        _ flavour: PostgresServer.Flavour, rows: Int = 200, table: String = "public.songs", key: String = "id",
        type: String? = nil, columns: String = "", create: String? = nil, schema: String = "public"
    ) async throws -> SearchPlace {
        let hasVectors = flavour == .pg18WithPgvector
        let place = try await SetupPlace.make(
            flavour, hasVectors ? "CREATE SCHEMA IF NOT EXISTS \(schema); CREATE EXTENSION vector SCHEMA \(schema)" : ""
        )
        let type = type ?? (hasVectors ? "\(schema).vector(\(dimension))" : "real[]")
        let creation =
            create ?? """
                CREATE TABLE \(table) (
                    \(quoteIdentifier(key)) bigint PRIMARY KEY, title text, body text, category text, stars int, added date, tags text[],
                    notes jsonb, embedding {embedding}\(columns))
                """
        try await place.run(
            creation.split(separator: "{embedding}", omittingEmptySubsequences: false).joined(separator: type))
        let search = SearchPlace(place: place, flavour: flavour, table: table, key: key)
        try await place.setUp(SetupOptions(spec: try search.spec, identity: identity, version: "test"))
        if rows > 0 { try await search.insert(rows, type) }
        return search
    }

    var spec: TableSpec {
        get throws {
            TableSpec(
                name: try QualifiedName(parsing: table), key: key, embedding: "embedding",
                recipe: .columns(["title", "body"]))
        }
    }

    private func insert(_ rows: Int, _ type: String) async throws {
        try await place.run(
            """
            SELECT setseed(0.42);
            INSERT INTO \(table) (\(quoteIdentifier(key)), title, body, category, stars, added, tags, notes, embedding)
            SELECT n, 'Song ' || n,
                (ARRAY['Modal jazz with a walking bass', 'Compressing drums in parallel', 'Harmony of the blues',
                    'Equalizing vocals, gently', 'The modes of jazz harmony'])[1 + n % 5] || ', take ' || n || '.',
                (ARRAY['jazz', 'mixing', 'blues'])[1 + n % 3], n % 7, date '2026-01-01' + n,
                ARRAY['t' || n % 4, 'all'], jsonb_build_object('title', 'note ' || n),
                CASE WHEN n % 10 > 0 THEN (
                    SELECT array_agg((random() - 0.5)::real) FROM generate_series(1, \(Self.dimension)) AS i WHERE n > 0
                )::\(type) END
            FROM generate_series(1, \(rows)) AS n;
            ANALYZE \(table)
            """)
    }

    /// A vector that is always the same for its seed.
    static func vector(_ seed: UInt64) -> [Float] {
        var random = SeededRandom(seed: seed)
        return (0..<dimension).map { _ in Float.random(in: -0.5...0.5, using: &random) }
    }

    func search(as user: String = "postgres") async throws -> (Search, PostgresConnection) {
        let sessions = SessionFactory(ConnectionOptions(conninfo: place.database.conninfo(user: user)))
        let connection = try await sessions.open()
        let watched = try await WatchedTable.load(try spec, identity: Self.identity, on: connection)
        return (try await Search(watched, on: connection), connection)
    }

    func answer(_ query: SearchQuery, as user: String = "postgres") async throws -> SearchAnswer {
        let (search, connection) = try await search(as: user)
        let result: Result<SearchAnswer, any Error>
        do { result = .success(try await search.answer(query, on: connection)) } catch { result = .failure(error) }
        await connection.close()
        return try result.get()
    }

    /// The keys of the rows nearest to a vector, worked out apart from search: by the arithmetic of this process.
    func nearest(_ vector: [Float], _ limit: Int, where condition: String = "true") async throws -> [String] {
        let rows = try await place.connection.execute(
            Statement(
                "vectors",
                "SELECT \(quoteIdentifier(key))::text, embedding::real[] FROM \(table) WHERE embedding IS NOT NULL AND \(condition)"
            ))
        let all = try rows.map { row -> (String, Double) in
            let other: [Float] = try row.decode(1)
            let product = zip(vector, other).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            let length = { (v: [Float]) in v.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }
            return (try row.decode(0), product / length(vector) / length(other))
        }
        return all.sorted { $0.1 > $1.1 }.prefix(limit).map(\.0)
    }
}

extension SearchAnswer {
    var keys: [String] { hits.map(\.key) }
}
