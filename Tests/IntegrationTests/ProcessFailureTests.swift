import TestSupport
import Testing

/// How commands end that can't do their work: the exit code, and a message that says what, where and what to do.
@Suite(.serialized) struct ProcessFailureTests {
    /// Every command that needs the database, with the arguments it needs.
    static let commands = [
        ["run"], ["status"], ["check"], ["backfill"], ["wait", "--timeout", "1s"], ["explain", "1"], ["setup"],
    ]

    private static func expect(
        _ command: [String], in place: Workplace, environment: [String: String] = [:], exit: Int32,
        _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let result = try await place.run(command, environment: environment)
        #expect(result.exit == .code(exit), "\(command): \(result)", sourceLocation: sourceLocation)
        for word in words {
            #expect(result.text.contains(word), "\(command), no \(word): \(result)", sourceLocation: sourceLocation)
        }
        // A message for a person, not a description of an enum or a trace.
        #expect(!result.text.contains("PostgresError"), "\(result)", sourceLocation: sourceLocation)
        #expect(!result.text.contains("Fatal error"), "\(result)", sourceLocation: sourceLocation)
    }

    @Test("No server at the address: 69, with the address and what to look at", arguments: commands)
    func noServer(_ command: [String]) async throws {
        let place = try await Workplace.make(isSetUp: false)
        // The service waits for its database unless it is told not to.
        let atOnce = command == ["run"] ? command + ["--set", "service.start=fail"] : command
        try await Self.expect(
            atOnce, in: place, environment: ["DATABASE_URL": "postgresql://someone:hidden-word@127.0.0.1:1/music"],
            exit: 69, "127.0.0.1", "port 1", "DATABASE_URL")
    }

    @Test("No such database: 78, with its name", arguments: commands)
    func noDatabase(_ command: [String]) async throws {
        let place = try await Workplace.make(isSetUp: false)
        let address = place.database.server.conninfo(database: "musik")
        try await Self.expect(
            command, in: place, environment: ["DATABASE_URL": address], exit: command == ["run"] ? 75 : 78,
            "\"musik\" does not exist",
            "DATABASE_URL")
    }

    /// A service is started again, for what it misses may come; whoever gave a command is told that it is wrong.
    private static func exit(of command: [String]) -> Int32 {
        switch command {
        case ["check"]: 1
        case ["run"]: 75
        default: 78
        }
    }

    @Test("A table that is not there: a similar name is suggested", arguments: commands)
    func noTable(_ command: [String]) async throws {
        let place = try await Workplace.make(isSetUp: false)
        let exit: Int32 = Self.exit(of: command)
        try await Self.expect(
            command + ["--table", "music_knowlege", "--set", "table.columns=topic"], in: place, exit: exit,
            "no table music_knowlege", "Did you mean public.music_knowledge?")
    }

    @Test("A column that is not there: a similar name is suggested", arguments: commands)
    func noColumn(_ command: [String]) async throws {
        let place = try await Workplace.make(isSetUp: false)
        let exit: Int32 = Self.exit(of: command)
        try await Self.expect(
            command + ["--set", "table.columns=topik"], in: place, exit: exit,
            "no column \"topik\"", "Did you mean topic?")
    }

    @Test("A table that is not set up: the command that sets it up is named", arguments: commands.dropLast())
    func notSetUp(_ command: [String]) async throws {
        let place = try await Workplace.make(isSetUp: false)
        let exit: Int32 = Self.exit(of: command)
        try await Self.expect(
            command, in: place, exit: exit, "public.music_knowledge is not set up", "backfilld setup")
    }

    @Test(
        "A dimension that the column does not have: both are named",
        arguments: [["run"], ["backfill"], ["setup"], ["check"]])
    func wrongDimension(_ command: [String]) async throws {
        let place = try await Workplace.make()
        let exit: Int32 = command == ["check"] ? 1 : 78
        try await Self.expect(
            command, in: place, environment: ["BACKFILLD_HASH_DIMENSION": "384"], exit: exit,
            "holds vectors of 8 components", "384")
    }

    @Test(
        "Vectors made by something else than what is configured: both are named, and the way out",
        arguments: [["run"], ["backfill"], ["check"]])
    func otherIdentity(_ command: [String]) async throws {
        // An array takes any dimension: only the record of set-up knows.
        let place = try await Workplace.make(isSetUp: false)
        try await place.database.psql("ALTER TABLE music_knowledge DROP embedding, ADD embedding real[]")
        try await place.run("setup").expect(.code(0))
        try await place.insert(1...2)
        try await place.run("backfill").expect(.code(0))
        let exit: Int32 = command == ["check"] ? 1 : 78
        try await Self.expect(
            command, in: place, environment: ["BACKFILLD_HASH_DIMENSION": "16"], exit: exit,
            "public.music_knowledge", "8", "16", "backfilld setup")
    }

    @Test("A recipe that differs from the one set up is refused: its vectors would not compare")
    func otherRecipe() async throws {
        let place = try await Workplace.make(rows: 1)
        try await place.run("backfill").expect(.code(0))
        try await place.run("run", "--set", "table.columns=topic").expect(.code(78), "public.music_knowledge")
    }

    @Test("A role without privileges: 77, and the owner's command", arguments: [["run"], ["backfill"], ["setup"]])
    func noPrivilege(_ command: [String]) async throws {
        let place = try await Workplace.make(rows: 1)
        let role = "nobody_of_\(place.database.name)"
        try await place.database.psql("CREATE ROLE \(role) LOGIN")
        try await Self.expect(
            command, in: place, environment: ["DATABASE_URL": place.database.conninfo(user: role)], exit: 77, "owner")
    }

    @Test("A wrong password: 77, with the user, never the password", arguments: commands)
    func wrongPassword(_ command: [String]) async throws {
        let server = try await Self.scramServer.value
        let place = try await Workplace.make(on: server, isSetUp: false)
        let result = try await place.run(
            command,
            environment: [
                "DATABASE_URL":
                    "postgresql://locked_out:hidden-word@127.0.0.1:\(server.port)/\(place.database.name)"
            ])
        result.expect(.code(77), "locked_out", "password")
        #expect(!result.text.contains("hidden-word"), "\(result)")
    }

    /// Lets everybody in on its socket and nobody without a password on TCP.
    private static let scramServer = Task {
        let server = try await PostgresServer.start(
            .pg18WithPgvector, authentication: "local all all trust\nhost all all all scram-sha-256\n")
        try await server.psql("CREATE ROLE locked_out LOGIN PASSWORD 'another'")
        return server
    }

    @Test("A configuration that is wrong: 78, everything at once, each with its place", arguments: commands)
    func brokenConfiguration(_ command: [String]) async throws {
        let place = try await Workplace.make(isSetUp: false)
        try place.write("[batch]\nrows = 0\nquite = \"1s\"\n[log]\nlevel = \"loud\"\n", to: "backfilld.toml")
        try await Self.expect(
            command, in: place, exit: 78, "3 problems", "backfilld.toml, line 2", "backfilld.toml, line 3",
            "batch.quiet",
            "backfilld.toml, line 5")
    }

    @Test("An option nobody knows: 64, and where help is")
    func unknownOption() async throws {
        let place = try await Workplace.make(isSetUp: false)
        for command in Self.commands {
            try await Self.expect(command + ["--frobnicate"], in: place, exit: 64, "--help")
        }
        try await place.run("frobnicate").expect(.code(64))
        try await place.run("backfill", "--limit", "0").expect(.code(64), "--limit must be at least 1")
        try await place.run("wait", "--timeout", "soon").expect(.code(64), "30s")
        try await place.run("setup", "--remove", "--role", "me").expect(.code(64))
    }
}
