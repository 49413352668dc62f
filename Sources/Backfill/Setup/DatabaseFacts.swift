import PostgresClient

/// What set-up has to know about the database as a whole.
struct DatabaseFacts: Sendable, Hashable {
    /// The server's version: 180001 for 18.1.
    var serverVersion = 180_000
    /// Its setting of `max_prepared_transactions`.
    var maxPreparedTransactions = 0
    /// The database's name.
    var database = ""
    /// The role of the connection.
    var role = ""
    /// Whether that role may create schemas here.
    var mayCreateSchema = true
    /// Whether there is a schema `backfilld`.
    var hasSchema = false
    /// The migrations that ran, in order.
    var migrations: [Int] = []
    /// The number that the next watched table gets.
    var nextWatch: Int32 = 1
    /// The schema that pgvector is in; nil where it is not installed.
    var vectorSchema: String?
    /// Whether the server has pgvector to install.
    var vectorAvailable = false
    /// Whether this role was able to install it, tried in a transaction that was rolled back; nil if not tried.
    var vectorInstallable: Bool?
    /// The functions `backfilld.search` that are there.
    var searchFunctions: [SearchFunction.Found] = []
    /// Whether there is a schema `extensions` to install it into, as Supabase has.
    var hasExtensionsSchema = false

    /// The schema's version; 0 where there is none.
    var schemaVersion: Int { migrations.last ?? 0 }

    init() {}

    /// Reads them.
    ///
    /// - Parameter connection: A connection that is free.
    /// - Throws: ``TableProblem/notPermitted(table:what:hint:)`` when the role may not look into the schema.
    static func load(on connection: PostgresConnection) async throws -> DatabaseFacts {
        do {
            return try await read(on: connection)
        } catch let error as PostgresError where error.hasState("42501") {
            throw TableProblem.notPermitted(
                table: error.message, what: "use the schema backfilld",
                hint: "Have the table's owner run \"backfilld setup --role\" with the name of this role")
        }
    }

    private static func read(on connection: PostgresConnection) async throws -> DatabaseFacts {
        var facts = DatabaseFacts()
        let rows = try await connection.execute(.inspect("inspect_database", PackageResources.inspect_database_sql))
        guard let row = rows.first else { return facts }
        facts.serverVersion = try row.decode("server_version")
        facts.maxPreparedTransactions = try row.decode("max_prepared_transactions")
        facts.database = try row.decode("database")
        facts.role = try row.decode("role")
        facts.mayCreateSchema = try row.decode("may_create_schema")
        facts.hasSchema = try row.decode("has_schema")
        facts.hasExtensionsSchema = try row.decode("has_extensions_schema")
        facts.vectorSchema = try row.decode("vector_schema")
        facts.vectorAvailable = try row.decode("vector_available")
        if try row.decode("has_migrations") {
            let migrations = try await connection.execute(
                .inspect("inspect_migrations", PackageResources.inspect_migrations_sql))
            facts.migrations = try migrations.map { try $0.decode("version") }
        }
        return facts
    }

    /// Whether the schema is one that this release works with.
    func checkSchema() throws(TableProblem) {
        if hasSchema && migrations.isEmpty { throw .schemaTaken }
        if schemaVersion < Migration.current { throw .schemaTooOld(found: schemaVersion, needed: Migration.current) }
        if schemaVersion > Migration.current { throw .schemaTooNew(found: schemaVersion, known: Migration.current) }
    }
}

/// One step of the schema's history: a file `SQL/migration_N.sql` and a line in ``all``.
struct Migration: Sendable, Hashable {
    let version: Int
    let sql: String

    /// All of them, oldest first.
    static let all = [
        Migration(version: 1, sql: .resource(PackageResources.migration_1_sql)),
        Migration(version: 2, sql: .resource(PackageResources.migration_2_sql)),
        Migration(version: 3, sql: .resource(PackageResources.migration_3_sql)),
        Migration(version: 4, sql: .resource(PackageResources.migration_4_sql)),
    ]

    /// The version that this release works with.
    static var current: Int { all.last?.version ?? 0 }
}

extension Statement {
    /// A statement of set-up's, from its file.
    static func inspect(_ name: String, _ file: [UInt8], _ parameters: [PostgresValue] = []) -> Statement {
        Statement(name, .resource(file), parameters)
    }
}
