import PostgresClient

/// `backfilld.search`, for whoever asks in SQL, or through PostgREST's rpc: opt in, by `setup --search`.
///
/// One for all watched tables. It belongs to us, in our schema: functions of the owner's elsewhere, such as
/// `search_music_knowledge`, are left alone.
struct SearchFunction: Sendable, Hashable {
    /// One of that name that is there.
    struct Found: Sendable, Hashable {
        var arguments: String
        var body: String
        /// As ALTER FUNCTION would name it.
        var signature: String
    }

    static let body = String.resource(PackageResources.search_function_sql)

    /// The type that a query's vector comes in.
    let vectorType: String

    /// - Parameter vectorSchema: Where pgvector is; nil where it is not.
    init(vectorSchema: String?) {
        vectorType = vectorSchema.map { quoteIdentifier($0) + ".vector" } ?? "pg_catalog.float4[]"
    }

    /// Whether what is there is this.
    func isThere(_ found: [Found]) -> Bool {
        found.count == 1 && found[0].body == "\n\(Self.body)\n" && found[0].arguments == arguments
    }

    /// As the catalog lists them.
    private var arguments: String { vectorType == "pg_catalog.float4[]" ? "real[]" : "vector" }

    /// Makes it, in the place of any of that name with other arguments, among which a caller could not choose.
    func step(replacing found: [Found]) -> SetupPlan.Step {
        let drops = found.map { "DROP FUNCTION \($0.signature);\n" }.joined()
        return SetupPlan.Step(
            title: "function backfilld.search",
            sql: """
                \(drops)CREATE FUNCTION backfilld.search(
                    table_name pg_catalog.text, query \(vectorType), k pg_catalog.int4 DEFAULT 10,
                    filters pg_catalog.jsonb DEFAULT '{}')
                RETURNS TABLE (key pg_catalog.text, similarity pg_catalog.float8, distance pg_catalog.float8, data pg_catalog.jsonb)
                LANGUAGE plpgsql STABLE SECURITY INVOKER ROWS 10 SET search_path = ''
                AS \(Self.body.dollarQuoted);
                COMMENT ON FUNCTION backfilld.search(pg_catalog.text, \(vectorType), pg_catalog.int4, pg_catalog.jsonb) IS
                    'The k rows of a watched table nearest to a vector, with filters on columns; made by "backfilld setup --search"';
                """, isUnderLock: false)
    }

    /// Takes it away.
    static func removal(_ found: [Found]) -> SetupPlan.Step {
        SetupPlan.Step(
            title: "drop function backfilld.search",
            sql: found.map { "DROP FUNCTION \($0.signature);" }.joined(separator: "\n"), isUnderLock: false)
    }

    /// What a person has to know to let others call it.
    static let note = """
        For another role to call backfilld.search: GRANT USAGE ON SCHEMA backfilld TO role; GRANT SELECT ON \
        backfilld.watch TO role; and SELECT on the table. For PostgREST, add backfilld to its db-schemas.
        """

    static func load(on connection: PostgresConnection) async throws -> [Found] {
        let rows = try await connection.execute(
            .inspect("inspect_search", PackageResources.inspect_search_sql))
        return try rows.map { row in
            Found(
                arguments: try row.decode("vector_type"), body: try row.decode("body"),
                signature: try row.decode("signature"))
        }
    }
}
