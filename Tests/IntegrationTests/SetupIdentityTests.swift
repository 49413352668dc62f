import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("Vectors of two kinds never meet in one column", .serialized)
struct SetupIdentityTests {
    private static let others = [
        ("remote", EmbedderIdentity(embedder: "openai", model: "sha256-sincos", dimension: 3), "hash", "openai"),
        ("model", EmbedderIdentity(embedder: "hash", model: "md5", dimension: 3), "sha256-sincos", "md5"),
        ("dimension", EmbedderIdentity(embedder: "hash", model: "sha256-sincos", dimension: 4), "3", "4"),
    ]

    @Test(
        "Over a filled column another identity is refused, and both are named",
        arguments: PostgresServer.Flavour.allCases)
    func filled(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        try await place.setUp()
        // The one vector is behind more rows than a short look would see.
        try await place.run("INSERT INTO notes SELECT n FROM generate_series(1, 3000) AS n")
        try await place.run("INSERT INTO notes VALUES ('a', 't', 'b', 1, '{1,2,3}')")
        for (what, identity, recorded, configured) in Self.others {
            let options = SetupPlace.options(identity: identity)
            let problem = try await place.problem(options)
            #expect(problem.code == "identity-differs", "\(what)")
            #expect(problem.description.contains(recorded) && problem.description.contains(configured))
            let load = try await #require(throws: TableProblem.self) {
                try await WatchedTable.load(options.spec, identity: identity, on: place.connection)
            }
            #expect(load == problem)
            #expect(try await Setup.problems(with: options, on: place.connection) == [problem])
        }
        let recipe = try await place.problem(SetupPlace.options(text: ["body", "title"]))
        #expect(
            recipe.description.contains("columns title, body") && recipe.description.contains("columns body, title"))
    }

    @Test("Over an empty column it is replaced", arguments: PostgresServer.Flavour.allCases)
    func empty(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        try await place.setUp()
        try await place.run("INSERT INTO notes VALUES ('a', 't', 'b', 1)")
        for (_, identity, _, _) in Self.others {
            let options = SetupPlace.options(text: ["body"], identity: identity)
            try await place.setUp(options)
            let table = try await WatchedTable.load(options.spec, identity: identity, on: place.connection)
            #expect(table.identity == identity)
        }
        try await place.run("UPDATE notes SET embedding = '{1}'; UPDATE notes SET title = 'no part of it any more'")
        #expect(try await place.cleared() == [])
    }

    @Test("A role under row level security is told of another identity as well")
    func role() async throws {
        let place = try await SetupPlace.make(.debian)
        let role = "differs_\(place.database.name)"
        try await place.run("CREATE ROLE \(role) LOGIN; ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
        try await place.setUp(SetupPlace.options(role: role))
        try await place.run("INSERT INTO notes VALUES ('a', 't', 'b', 1, '{1,2,3}')")
        let connection = try await place.connect(as: role)
        let other = SetupPlace.options(identity: Self.others[1].1)
        #expect(try await Setup.problems(with: other, on: connection).map(\.code) == ["identity-differs"])
    }
}
