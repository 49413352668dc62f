import Backfill

extension SettingDefinition {
    /// What turns a text into a vector.
    static let embedding: [SettingDefinition] = [
        SettingDefinition(
            key: "embedder", kind: .text, defaultText: "local",
            documentation: """
                What turns a text into a vector. "local" is a sentence encoder inside the process: no server, no key, \
                nothing leaves the machine. "openai" is every provider and server that speaks OpenAI's language, "cohere" is \
                Cohere; both have their settings in [remote]. "codette" and "supabase" are the endpoints of the first \
                version, which write the table themselves. "hash" is a deterministic demonstration vector that knows nothing of \
                meaning: for trying things out without a model, and for tests. The embedder is part of a vector's \
                identity: set-up records it, and a daemon whose configuration names another refuses to start.
                """,
            flag: "--embedder", otherVariables: ["USE_LOCAL_API"])
    ]

    /// The hash embedder.
    static let hash: [SettingDefinition] = [
        SettingDefinition(
            key: "hash.dimension", kind: .number(1...16_000), defaultText: "384",
            documentation: """
                How many components a vector of the hash embedder has. It must be the dimension of the embedding \
                column.
                """)
    ]

    /// The database and the connections to it.
    static let database: [SettingDefinition] = [
        SettingDefinition(
            key: "database.url", kind: .text, defaultText: nil,
            documentation: """
                The database, as a URI (postgresql://user@host:5432/name) or as libpq's key=value pairs. Characters of \
                a user name or password that mean something in a URI are percent-encoded. Everybody who may read this \
                file can read a password in it: the credential database-url (systemd's LoadCredential=), the variable \
                DATABASE_URL or libpq's own passfile are better places. Not offered on the command line, which every \
                user of the machine can see. A reload takes another password in it, and nothing else.
                """,
            defaultNote: "Defaults to what libpq's variables PGHOST, PGDATABASE, PGSERVICE and so on say.",
            isSecret: true, otherVariables: ["DATABASE_URL"]),
        SettingDefinition(
            key: "database.password", kind: .text, defaultText: nil,
            documentation: """
                The password, apart from the URL, and stronger than one in the URL. The credential database-password \
                is the place for it.
                """,
            defaultNote: "Defaults to the URL's, PGPASSWORD, or the passfile's.",
            isSecret: true, changesLive: true),
        SettingDefinition(
            key: "database.connections", kind: .number(1...64), defaultText: "4",
            documentation: """
                How many connections work on batches at once, for all tables together. One more is \
                to listen with, and one for the locks of the handshake with writers. More than the server has cores to spare brings nothing.
                """),
        SettingDefinition(
            key: "database.applicationName", kind: .text, defaultText: "backfilld",
            documentation: """
                The name the connections carry in pg_stat_activity and in the server's log. When it is not set here, \
                an application_name in the URL or PGAPPNAME counts.
                """),
        SettingDefinition(
            key: "database.pooler", kind: .choice(PoolerMode.allCases.map(\.rawValue)), defaultText: "auto",
            documentation: """
                Whether a pooler is between here and the server. "session": none, or one that keeps a session for each \
                connection. "transaction": one that lends a server process for a transaction at a time (PgBouncer's \
                pool mode "transaction", port 6543 at Supabase): nothing is kept in a session then, new rows are found \
                by looking, and one daemon at a time works on a table. "auto" finds out when connecting.
                """),
    ]

    /// One table. The same keys, in [[tables]], name several.
    static let table: [SettingDefinition] = [
        SettingDefinition(
            key: "table.name", kind: .text, defaultText: "music_knowledge",
            documentation: """
                The table to watch, with its schema if the search path does not find it: public.songs. Names with \
                capitals or other unusual characters are quoted as in SQL: '"My Schema"."My Table"'.
                """,
            flag: "--table"),
        SettingDefinition(
            key: "table.key", kind: .text, defaultText: "id",
            documentation: """
                The column that identifies a row: a primary key, or unique and not null, of any type with a text form.
                """),
        SettingDefinition(
            key: "table.embedding", kind: .text, defaultText: "embedding",
            documentation: """
                The column that is filled: of type vector(n), halfvec(n) or real[]. A row is pending while it is NULL.
                """),
        SettingDefinition(
            key: "table.columns", kind: .list, defaultText: nil,
            documentation: """
                The columns whose contents make up the text of a row, in this order. A change of one of them makes the \
                row pending again. The list is part of a vector's identity, as the embedder is.
                """,
            defaultNote: """
                Defaults to ["topic", "category", "suggestion"] for a table called music_knowledge. For any other \
                table this or the template must be given.
                """),
        SettingDefinition(
            key: "table.template", kind: .text, defaultText: nil,
            documentation: """
                The text of a row as a sentence with columns in it, instead of table.columns: "{topic}. \
                {suggestion.title}: {suggestion.description}", where the dot reaches into a jsonb column.
                """,
            defaultNote: "Defaults to none: the columns are joined."),
        SettingDefinition(
            key: "table.index", kind: .choice(Settings.Table.Index.allCases.map(\.rawValue)), defaultText: "advise",
            documentation: """
                What becomes of the index on the vectors, by which search finds them: "advise", nothing, and \
                "backfilld index" and "backfilld check" say what would suit; "auto", the daemon builds it when the \
                table has grown to need one, and builds an ivfflat index that the table has outgrown anew, \
                concurrently, once the table is filled. For that its role has to own the table.
                """),
    ]
}
