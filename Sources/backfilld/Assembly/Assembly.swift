import Backfill
import Embedders
import PostgresClient

/// What the commands work with, made from the settings.
struct Assembly: Sendable {
    let settings: Settings
    let sessions: SessionFactory
    let tables: [TableSpec]

    /// - Throws: ``TableProblem`` where a table's name or template does not parse.
    init(_ settings: Settings) throws(TableProblem) {
        self.settings = settings
        sessions = SessionFactory(settings.connectionOptions, pooler: settings.database.pooler)
        var tables: [TableSpec] = []
        for table in settings.tables { tables.append(try table.spec) }
        self.tables = tables
    }

    /// A pool for reading and writing.
    func pool() -> ConnectionPool {
        ConnectionPool(sessions, limit: settings.database.connections)
    }

    /// A session that works with catalogs, whose statements are not planned for an index as those of rows are.
    func catalogSession(for purpose: String) async throws -> PostgresConnection {
        let connection = try await sessions.openOwn(for: purpose, deadline: settings.listen.deadline)
        try await connection.script("RESET enable_seqscan; RESET enable_bitmapscan", name: "planner settings")
        return connection
    }

    /// The set-up tables as they are in the database, checked against the settings; without an identity, whatever embedder is
    /// configured.
    func watchedTables(
        of identity: EmbedderIdentity? = nil, on connection: PostgresConnection
    ) async throws -> [WatchedTable] {
        var watched: [WatchedTable] = []
        for spec in tables {
            let table = try await WatchedTable.load(spec, identity: identity, on: connection)
            if let twin = watched.first(where: { $0.watch == table.watch }) {
                throw TableProblem.tableTwice(table: table.displayName, names: [twin.spec.name, spec.name])
            }
            watched.append(table)
        }
        return watched
    }
}

extension Settings {
    var connectionOptions: ConnectionOptions {
        var options = ConnectionOptions(applicationName: database.applicationName)
        for parameter in database.parameters {
            let value = parameter.value.reveal
            if parameter.keyword == "dbname", database.url != nil, options.conninfo == nil {
                options.conninfo = value
            } else if options.conninfo == nil {
                // What comes before the address is weaker than it.
                options.fallbacks[parameter.keyword] = value
            } else {
                options.parameters[parameter.keyword] = value
            }
        }
        return options
    }

    var pipelineSettings: PipelineSettings {
        var pipeline = PipelineSettings()
        pipeline.rows = batch.rows
        pipeline.bytes = batch.bytes
        pipeline.quiet = batch.quiet
        pipeline.longest = batch.longest
        pipeline.inFlight = batch.inFlight
        pipeline.backlogRows = max(batch.rows, pipeline.backlogRows)
        pipeline.textBytes = textBytes
        pipeline.rowsPerSecond = rowsPerSecond
        pipeline.retry = RetrySettings(first: retry.first, longest: retry.longest, attempts: retry.attempts)
        return pipeline
    }

    var listenerSettings: ListenerSettings {
        var listener = ListenerSettings()
        listener.heartbeat = listen.heartbeat
        listener.deadline = listen.deadline
        return listener
    }
}

extension Settings.Table {
    var spec: TableSpec {
        get throws(TableProblem) {
            let recipe: TextRecipe =
                switch text {
                case .columns(let names): .columns(names)
                case .template(let template): .template(try Template(parsing: template))
                }
            return TableSpec(name: try QualifiedName(parsing: name), key: key, embedding: embedding, recipe: recipe)
        }
    }
}
