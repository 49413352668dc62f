import Foundation
import TestSupport
import Testing

/// A database with the table of the documentation, and the binary to run on it as a user would.
struct Workplace: Sendable {
    let database: TestDatabase
    /// The working directory of what runs here; it holds an empty configuration file.
    let folder: String
    /// More than the little that every process gets.
    var environment: [String: String] = [:]

    /// The dimension of the embedding column: small, so that many rows stay quick.
    static let dimension = 8

    /// Makes a database with an empty `music_knowledge`, set up by the binary itself.
    static func make(
        on server: PostgresServer? = nil, rows: Int = 0, isSetUp: Bool = true
    ) async throws -> Workplace {
        let shared: PostgresServer
        if let server { shared = server } else { shared = try await .shared(.pg18WithPgvector) }
        let database = try await shared.createDatabase(extensions: ["vector"])
        let place = Workplace(database: database, folder: try temporaryFolder())
        try place.write("", to: "backfilld.toml")
        try await database.psql(
            """
            CREATE TABLE music_knowledge (
                id bigint PRIMARY KEY, topic text NOT NULL, category text DEFAULT 'general',
                suggestion jsonb NOT NULL DEFAULT '{}', updated_at timestamptz NOT NULL DEFAULT now(),
                embedding vector(\(dimension)))
            """)
        if rows > 0 { try await place.insert(1...rows) }
        if isSetUp { try await place.run("setup").expect(.code(0)) }
        return place
    }

    /// Inserts rows with these numbers; `topic` follows each number in its topic.
    func insert(_ numbers: ClosedRange<Int>, topic: String = "topic") async throws {
        try await database.psql(
            """
            INSERT INTO music_knowledge (id, topic, suggestion)
            SELECT n, n || ' \(topic)', jsonb_build_object('title', 'title ' || n)
            FROM generate_series(\(numbers.lowerBound), \(numbers.upperBound)) AS n
            """)
    }

    /// Rows without an embedding.
    func pending() async throws -> Int {
        try #require(Int(try await database.psql("SELECT count(*) FROM music_knowledge WHERE embedding IS NULL")))
    }

    /// Waits until every row is embedded.
    func allEmbedded(within limit: Duration = .seconds(120), fileID: String = #fileID, line: Int = #line) async throws {
        try await eventually(
            "all rows embedded", within: limit, polling: .milliseconds(50), fileID: fileID, line: line
        ) { try await pending() == 0 }
    }

    /// Waits until the daemon says that it listens, and polls no more.
    func isListenedTo(fileID: String = #fileID, line: Int = #line) async throws {
        try await eventually(
            "a daemon that listens", within: .seconds(120), polling: .milliseconds(50), fileID: fileID, line: line
        ) { try await database.psql("SELECT DISTINCT mode FROM backfilld.activity") == "listening" }
    }

    /// Writes a file into ``folder``.
    func write(_ text: String, to name: String) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    }

    /// A little, nothing of the machine's own, and the database.
    private func variables(_ more: [String: String]) -> [String: String] {
        [
            "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "DATABASE_URL": database.conninfo,
            "BACKFILLD_EMBEDDER": "hash", "BACKFILLD_HASH_DIMENSION": "\(Self.dimension)",
        ].merging(environment) { $1 }.merging(more) { $1 }
    }

    /// Runs the binary to its end. A variable that is empty counts as not set.
    func run(
        _ arguments: String..., environment: [String: String] = [:], input: String? = nil,
        within limit: Duration = .seconds(120), fileID: String = #fileID, line: Int = #line
    ) async throws -> CompletedProcess {
        try await RunningProcess.run(
            try builtBinary("backfilld"), Self.withConfiguration(arguments), environment: variables(environment),
            directory: folder, input: input, within: limit, fileID: fileID, line: line)
    }

    /// The same, with its arguments in an array.
    func run(
        _ arguments: [String], environment: [String: String] = [:], fileID: String = #fileID, line: Int = #line
    ) async throws -> CompletedProcess {
        try await RunningProcess.run(
            try builtBinary("backfilld"), Self.withConfiguration(arguments), environment: variables(environment),
            directory: folder, fileID: fileID, line: line)
    }

    /// Starts the binary.
    func start(_ arguments: [String], environment: [String: String] = [:]) throws -> RunningProcess {
        try RunningProcess(
            try builtBinary("backfilld"), Self.withConfiguration(arguments), environment: variables(environment),
            directory: folder)
    }

    /// Starts `backfilld run` through a shell command, in which it is `"$@"`, for what only a shell can arrange.
    func startDaemon(through script: String, _ arguments: String...) throws -> RunningProcess {
        try RunningProcess(
            "bash",
            ["-c", script, "bash", try builtBinary("backfilld")] + Self.withConfiguration(["run"] + arguments),
            environment: variables([:]), directory: folder)
    }

    /// Starts `backfilld run` and waits until it says that it is ready.
    func startDaemon(
        _ arguments: String..., environment: [String: String] = [:], fileID: String = #fileID, line: Int = #line
    ) async throws -> RunningProcess {
        let daemon = try RunningProcess(
            try builtBinary("backfilld"), Self.withConfiguration(["run"] + arguments),
            environment: variables(environment), directory: folder)
        try await daemon.line(within: .seconds(120), fileID: fileID, line: line) { $0.contains(" ready after ") }
        return daemon
    }

    /// A configuration of this machine must not matter: the empty file of ``folder``, unless another one is named.
    private static func withConfiguration(_ arguments: [String]) -> [String] {
        guard let command = arguments.first, command != "version", !arguments.contains("--config") else {
            return arguments
        }
        return [command, "--config", "backfilld.toml"] + arguments.dropFirst()
    }
}

extension CompletedProcess {
    /// Everything it wrote.
    var text: String { output + errors }

    /// Records a failure unless it ended like this and all of these words were among what it wrote.
    @discardableResult
    func expect(
        _ exit: ProcessExit, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) -> CompletedProcess {
        #expect(self.exit == exit, "\(self)", sourceLocation: sourceLocation)
        for word in words {
            #expect(text.contains(word), "no \(word) in: \(self)", sourceLocation: sourceLocation)
        }
        return self
    }

    /// Standard output as a JSON object.
    func json(sourceLocation: SourceLocation = #_sourceLocation) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any], "\(self)",
            sourceLocation: sourceLocation)
    }
}

extension RunningProcess {
    /// Lines so far that contain these words.
    func count(_ words: String) -> Int {
        lines.filter { $0.contains(words) }.count
    }

    /// Waits for a line with these words.
    @discardableResult
    func says(
        _ words: String, from start: Int = 0, within limit: Duration = .seconds(120), fileID: String = #fileID,
        line: Int = #line
    ) async throws -> String {
        try await self.line(within: limit, from: start, fileID: fileID, line: line) { $0.contains(words) }
    }

    /// Asks it to end and expects that it does so in good order.
    func stop(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        send(SIGTERM)
        let ending = try await exit()
        #expect(ending == .code(0), "\(lines.suffix(20).joined(separator: "\n"))", sourceLocation: sourceLocation)
    }
}
