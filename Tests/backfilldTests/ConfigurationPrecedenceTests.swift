import Testing

@testable import backfilld

@Suite struct ConfigurationPrecedenceTests {
    @Test func `defaults are the documented ones`() throws {
        let settings = try ConfigurationFolder().load(["DATABASE_URL": "postgres:///x"], needsDatabase: true)
        #expect(settings.embedder == "local" && settings.hash.dimension == 384)
        #expect(
            settings.local
                == .init(
                    model: "all-MiniLM-L6-v2", precision: nil, lanes: nil, longTexts: .truncate, passagePrompt: nil,
                    queryPrompt: nil))
        #expect(
            settings.tables == [
                .init(
                    name: "music_knowledge", key: "id", embedding: "embedding",
                    text: .columns(["topic", "category", "suggestion"]))
            ])
        #expect(
            settings.batch
                == .init(
                    rows: 50, bytes: 1_048_576, quiet: .milliseconds(25), longest: .milliseconds(250), inFlight: 4))
        #expect(settings.listen == .init(heartbeat: .seconds(10), deadline: .seconds(10)))
        #expect(settings.notify == .ids && settings.textBytes == 65_536 && settings.drain == .seconds(20))
        #expect(settings.retry == .init(first: .seconds(5), longest: .seconds(300), attempts: 5))
        #expect(settings.log == .init(level: .info, format: .auto))
        #expect(settings.database.connections == 4 && settings.database.applicationName == "backfilld")
        #expect(settings.database.url?.reveal == "postgres:///x")
        #expect(settings.warnings.isEmpty && settings.file == nil)
        #expect(settings.effective.map(\.key) == SettingDefinition.all.map(\.key))
    }

    @Test func `each place is stronger than the next`() throws {
        let folder = ConfigurationFolder([
            "backfilld.toml": "[batch]\nrows = 1\n[database]\nurl = \"postgres:///toml\"",
            ".env": "BACKFILLD_BATCH_ROWS=2\nDATABASE_URL=postgres:///dotenv",
            ".env.local": "\nBATCH_SIZE=3\nDATABASE_URL=postgres:///local",
            "database-url": "postgres:///credential\n",
        ])
        func rows(_ environment: [String: String] = [:], _ options: [String] = []) throws -> String {
            let settings = try folder.load(environment, options: options)
            return "\(settings.batch.rows) \(settings.origins["batch.rows"] ?? .builtIn)"
        }
        func url(_ environment: [String: String] = [:], credentials: Bool = false) throws -> String {
            let settings = try folder.load(environment, credentials: credentials)
            return "\(settings.database.url?.reveal ?? "") \(settings.origins["database.url"] ?? .builtIn)"
        }
        let both = ["BACKFILLD_BATCH_ROWS": "5", "BATCH_SIZE": "4", "DATABASE_URL": "postgres:///plain"]
        #expect(try rows(both, ["batch.rows=6"]) == "6 --set batch.rows")
        #expect(try rows(both) == "5 environment BACKFILLD_BATCH_ROWS")
        #expect(try rows(["BATCH_SIZE": "4", "BACKFILLD_BATCH_ROWS": ""]) == "4 environment BATCH_SIZE")
        #expect(try rows() == "3 .env.local, line 2")
        #expect(
            try url(
                ["BACKFILLD_DATABASE_URL": "postgres:///ours", "DATABASE_URL": "postgres:///plain"], credentials: true)
                == "postgres:///ours environment BACKFILLD_DATABASE_URL")
        #expect(try url(["DATABASE_URL": "postgres:///plain"], credentials: true).hasSuffix("environment DATABASE_URL"))
        #expect(try url(credentials: true) == "postgres:///credential credential database-url")
        #expect(try url() == "postgres:///local .env.local, line 3")
        folder.write(".env.local", "")
        #expect(try rows() == "2 .env, line 1")
        folder.write(".env", "")
        #expect(try rows() == "1 \(folder.path)/backfilld.toml, line 2")
    }

    @Test func `a file given by name must be there, and replaces the standard one`() throws {
        let folder = ConfigurationFolder([
            "backfilld.toml": "[batch]\nrows = 1", "other.toml": "[log]\nlevel = \"debug\"",
        ])
        let settings = try folder.load(config: "other.toml")
        #expect(settings.batch.rows == 50 && settings.log.level == .debug && settings.file == "other.toml")
        #expect(folder.failure(config: "none.toml").problems.first?.place == "--config none.toml")
        #expect(folder.failure(config: ".").problems.first?.what == "is not a regular file")
    }

    @Test func `a variable that is no setting's is an error with a suggestion`() {
        let error = ConfigurationFolder([".env": "BACKFILLD_BATCH_ROW=1\nOTHER=2"]).failure([
            "BACKFILLD_LOG_LEVLE": "info", "BACKFILLD_PORT_80_TCP": "tcp://10.0.0.1:80",
            "BACKFILLD_SERVICE_HOST": "10.0.0.1", "BACKFILLD_CONFIG": "x",
        ])
        #expect(
            error.problems.map(\.place) == [
                "environment BACKFILLD_CONFIG", "environment BACKFILLD_LOG_LEVLE", ".env, line 1",
            ])
        #expect(
            error.problems.map { $0.remedy ?? "" } == [
                "Use the option --config PATH.", "Did you mean \"BACKFILLD_LOG_LEVEL\"?",
                "Did you mean \"BACKFILLD_BATCH_ROWS\"?",
            ])
        #expect(ConfigurationError.exitCode == 78)
    }

    @Test func `options name any setting but secrets`() {
        let error = ConfigurationFolder().failure(options: [
            "database.url=postgres://u:hunter2@h/d", "batch.rwos=1", "hunter2", "retry.attempts=0", "tables.0.name=x",
        ])
        #expect(error.problems.count == 5)
        #expect(error.problems[0].place == "--set database.url")
        #expect(error.problems[0].remedy?.contains("BACKFILLD_DATABASE_URL") == true)
        #expect(error.problems[1].remedy == "Did you mean \"batch.rows\"?")
        #expect(!error.description.contains("hunter2"))
    }

    @Test func `everything wrong is said at once, then what was passed over`() {
        let folder = ConfigurationFolder([
            "backfilld.toml": "[batch]\nrows = 0\nquiet = \"1s\"\n[retry]\nfirst = \"1h\"", ".env": "?\n",
        ])
        let error = folder.failure(["BACKFILLD_NOTIFY": "maybe"], needsDatabase: true)
        #expect(error.problems.count == 5, "\(error)")
        #expect(error.description.hasPrefix("The configuration has 5 problems.\n"))
        #expect(error.description.contains("batch.longest (250ms, default) is shorter than batch.quiet (1s, "))
        #expect(error.description.contains("Set DATABASE_URL=postgresql://"))
        #expect(error.description.hasSuffix("  Note: .env, line 1: not understood as NAME=value, and skipped"))
    }

    @Test func `a reload knows what it can change`() throws {
        let folder = ConfigurationFolder()
        let old = try folder.load()
        let new = try folder.load([
            "BACKFILLD_BATCH_ROWS": "9", "BACKFILLD_TABLE_KEY": "k", "DATABASE_URL": "postgres:///x", "BATCH_SIZE": "5",
        ])
        #expect(new.changes(since: old).live == ["batch.rows"])
        #expect(new.changes(since: old).restart == ["database.url", "table.key"])
        #expect(old.changes(since: old).live.isEmpty && old.changes(since: old).restart.isEmpty)
    }

    @Test func `what needs a restart is as at the start, and pending until it is put back`() throws {
        let folder = ConfigurationFolder()
        let place = ["DATABASE_URL": "postgres:///x"]
        func load(_ variables: [String: String]) throws -> Settings {
            try folder.load(place.merging(variables) { $1 })
        }
        let start = try load([:])
        let first = try load([
            "BACKFILLD_LIMITS_TEXT_BYTES": "1KiB", "BACKFILLD_BATCH_ROWS": "9", "BACKFILLD_RETRY_ATTEMPTS": "7",
            "BACKFILLD_DATABASE_PASSWORD": "secret",
        ])
        #expect(first.changes(since: start).restart == ["limits.textBytes"])
        var held = first.held(to: start)
        #expect(held.textBytes == start.textBytes && held.pipelineSettings.textBytes == start.textBytes)
        #expect(held.batch.rows == 9 && held.retry.attempts == 7 && held.database.password?.reveal == "secret")

        let second = try load(["BACKFILLD_LIMITS_TEXT_BYTES": "1KiB", "BACKFILLD_BATCH_ROWS": "10"])
        #expect(second.changes(since: held).live == ["batch.rows", "database.password", "retry.attempts"])
        #expect(second.changes(since: held).restart == ["limits.textBytes"])
        held = second.held(to: held)
        #expect(start.changes(since: held).live == ["batch.rows"])
        #expect(start.changes(since: held).restart.isEmpty)

        // Another database is none to go on with, however often it is read.
        let other = try load(["DATABASE_URL": "postgres:///y", "BACKFILLD_DATABASE_PASSWORD": "its"])
        #expect(other.changes(since: start).restart == ["database.password", "database.url"])
        held = other.held(to: start)
        #expect(held.database == start.database)
        #expect(other.changes(since: held).restart == ["database.password", "database.url"])
        #expect(start.changes(since: held).live.isEmpty && start.changes(since: held).restart.isEmpty)
    }
}
