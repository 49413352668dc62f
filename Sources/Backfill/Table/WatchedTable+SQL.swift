import PostgresClient

extension WatchedTable {
    /// What stands for the placeholders of the statements in SQL/ that concern one table, aliased `t` there.
    var fragments: [String: String] {
        [
            "table": quotedRelation,
            "relation": "\(relation)",
            "key": quoteIdentifier(spec.key),
            "key_type": keyType,
            "equals": keyEquality,
            // There are no arrays of arrays to cast to.
            "keys": keyType.hasSuffix("[]")
                ? "SELECT k.key::\(keyType) FROM pg_catalog.unnest($1::pg_catalog.text[]) AS k (key)"
                : "$1::pg_catalog.text[]::\(keyType)[]",
            "columns": textColumns,
            "embedding": quoteIdentifier(spec.embedding),
            "pending": pending,
            "license": license,
            "unchanged": unchanged,
            "value": vectorValue,
            "locked_row": lockedRow,
            "owner_triggers": ownerTriggers,
            "vector_hash": vectorHash,
            "free_dimension": freeDimension,
            "walked_row": walkedRow,
            "source": source.sql(alias: "t"),
            "may_be_locked": Self.mayBeLocked,
            "unpaused": unpaused,
            "due": due,
            "stands": stands,
        ]
    }

    /// The values that a text is made of, each cut to the characters of the parameter `$2`.
    private var textColumns: String {
        spec.recipe.columns.enumerated().map { number, column in
            "pg_catalog.left(t.\(quoteIdentifier(column))::pg_catalog.text, $2) AS c\(number)"
        }.joined(separator: ", ")
    }

    /// The recipe's columns that are json or jsonb.
    var jsonColumns: Set<String> {
        Set(textTypes.filter { ["pg_catalog.json", "pg_catalog.jsonb", "json", "jsonb"].contains($0.value) }.keys)
    }

    /// That a row is pending, in words that the planner does not know the partial index by; see batch_write.sql.
    private var pending: String {
        "pg_catalog.num_nulls(t.\(quoteIdentifier(spec.embedding))) OPERATOR(pg_catalog.=) 1"
    }

    /// A row's place and its writers: by the first the daemon finds again what it has just locked, the others tell whether
    /// somebody else may have it locked. They are columns that one needs a privilege for, too.
    static let systemColumns = ["ctid", "xmin", "xmax"]

    /// The columns that are read, whatever of a row is looked at.
    var readColumns: [String] { [spec.key, spec.embedding] + Self.systemColumns + baseColumns + spec.recipe.columns }

    /// Looks whether this role may still read and write what it must.
    ///
    /// - Throws: ``TableProblem/notPermitted(table:what:hint:)``; `PostgresError`.
    func checkAccess(on connection: PostgresConnection) async throws {
        let row = try await connection.execute(
            Statement(
                "look at privileges", SQLFile.checkAccess,
                [.int8(relation), .textArray(readColumns), .text(spec.embedding)]))[0]
        let unreadable: [String] = try row.decode("unreadable")
        guard unreadable.isEmpty, try row.decode("may_write") else {
            let isReading = !unreadable.isEmpty
            let columns = isReading ? Set(unreadable).sorted() : [spec.embedding]
            throw notPermitted("\(isReading ? "read" : "update") \(columns.joined(separator: ", "))")
        }
        // Rows that no policy shows are missed without an error; those that none lets be written fail by themselves.
        if try row.decode("row_security"), try !row.decode("read_policy", as: Bool.self) {
            throw notPermitted("see its rows: row level security is on, and no policy is for it")
        }
    }

    private func notPermitted(_ what: String) -> TableProblem {
        .notPermitted(
            table: displayName, what: what,
            hint: "Have the table's owner run \"backfilld setup --role\" with the name of this role")
    }

    /// Whether a transaction that may be under way has locked or changed a row: its xmax is not before all of those, or it is a
    /// number that several have taken together, as a session that locks a row and changes it behind a savepoint does alone.
    private static let mayBeLocked = """
        (pg_catalog.age(t.xmax) OPERATOR(pg_catalog.<=) (
            SELECT pg_catalog.age(pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::pg_catalog.xid))
            OR pg_catalog.mxid_age(t.xmax) BETWEEN 0 AND 2147483646)
        """

    /// How a write finds the rows that it has just locked.
    ///
    /// By their place, which is where the lock found them to be right, so that nothing has to be looked up or compared
    /// again. A row that somebody updated between the statement's snapshot and the lock is not seen there, and is tried
    /// again. A place says nothing without its partition, so a partitioned table goes by key.
    private var lockedRow: String {
        guard isPartitioned else { return "t.ctid OPERATOR(pg_catalog.=) l.tid" }
        return "t.\(quoteIdentifier(spec.key)) \(keyEquality) l.key AND \(pending) "
            + "AND \(source.sql(alias: "t")) OPERATOR(pg_catalog.=) l.source"
    }

    /// The hash of the vector that a row has.
    private var vectorHash: String {
        "pg_catalog.hashtextextended(t.\(quoteIdentifier(spec.embedding))::pg_catalog.text "
            + "COLLATE pg_catalog.\"C\", 0::pg_catalog.int8)"
    }

    /// The dimension of the vector that a row has, where its type takes any; NULL otherwise, or where there is no vector.
    private var freeDimension: String {
        guard embeddingKind == .real else { return "NULL::pg_catalog.int4" }
        let embedding = "t.\(quoteIdentifier(spec.embedding))"
        return "CASE WHEN \(embedding) IS NOT NULL THEN COALESCE(pg_catalog.array_length(\(embedding), 1), 0) END"
    }

    /// How a walk through the rows finds those that it has just locked; see `lockedRow`.
    private var walkedRow: String {
        guard isPartitioned else { return "t.ctid OPERATOR(pg_catalog.=) l.tid" }
        return "t.\(quoteIdentifier(spec.key)) \(keyEquality) l.key "
            + "AND \(source.sql(alias: "t")) OPERATOR(pg_catalog.=) l.source "
            + "AND \(vectorHash) OPERATOR(pg_catalog.=) l.vector"
    }

    /// Whether the table is the one that was looked up, set up as it was, with the columns that it had and its rows as visible.
    ///
    /// An error may never come of a change: a table made anew under the old name has the same columns, and a vector goes
    /// into double precision[] too.
    private var unchanged: String {
        let columns = marks.sorted { $0.key < $1.key }.map { name, mark in
            "a.attname OPERATOR(pg_catalog.=) \(quoteLiteral(name))::pg_catalog.name AND pg_catalog.format("
                + "'%s:%s:%s', a.attnum, a.atttypid::pg_catalog.int8, a.atttypmod) "
                + "OPERATOR(pg_catalog.=) \(quoteLiteral(mark))"
        }
        return """
            (EXISTS (\(license)) AND \(isAsWatched) AND (
                SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute AS a
                WHERE a.attrelid OPERATOR(pg_catalog.=) \(relation)::pg_catalog.oid AND NOT a.attisdropped
                    AND (\(columns.joined(separator: " OR ")))) OPERATOR(pg_catalog.=) \(columns.count))
            """
    }

    /// Whether writers notify as they did, and rows are hidden by policies as they were.
    private var isAsWatched: String {
        guard hasLedger else { return "true" }
        return """
            EXISTS (
                SELECT FROM backfilld.watch AS w
                JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) w.relation::pg_catalog.oid
                WHERE w.id OPERATOR(pg_catalog.=) \(watch)
                    AND w.notify OPERATOR(pg_catalog.=) \(quoteLiteral(notify.rawValue))
                    AND c.relrowsecurity OPERATOR(pg_catalog.=) \(hasRowSecurity))
            """
    }

    /// Whether triggers that are not ours fire for our writes; of a partitioned table it is taken for granted.
    private var ownerTriggers: String {
        guard !isPartitioned else { return "true" }
        return """
            (SELECT EXISTS (
                SELECT FROM pg_catalog.pg_trigger AS g
                WHERE g.tgrelid OPERATOR(pg_catalog.=) \(relation)::pg_catalog.oid AND NOT g.tgisinternal
                    AND (g.tgtype OPERATOR(pg_catalog.&) 16::pg_catalog.int2) OPERATOR(pg_catalog.<>) 0
                    AND NOT EXISTS (
                        SELECT FROM pg_catalog.pg_proc AS f
                        WHERE f.oid OPERATOR(pg_catalog.=) g.tgfoid AND f.pronamespace OPERATOR(pg_catalog.=) (
                            SELECT n.oid FROM pg_catalog.pg_namespace AS n
                            WHERE n.nspname OPERATOR(pg_catalog.=) 'backfilld'))))
            """
    }

    /// That nobody has paused the table: looked up once a statement.
    ///
    /// A watch that is gone is not paused: its daemon is to find rows, and to learn at the write that it is superseded.
    private var unpaused: String {
        guard hasLedger else { return "true" }
        return """
            NOT EXISTS (
                SELECT FROM backfilld.watch AS p
                WHERE p.id OPERATOR(pg_catalog.=) \(watch) AND p.paused_at IS NOT NULL)
            """
    }

    /// That no entry of the ledger keeps a row back.
    ///
    /// Two questions: whether anything is kept back at all, asked once a statement, and whether this row is, one look
    /// into the ledger's index. Where the ledger is empty, as it is nearly always, the second is never asked. As part of
    /// a NOT (… AND …) neither can become a join: of an anti join the planner may make a merge join, which sorts the
    /// whole backlog for the first row, and of NOT IN, where the ledger outgrows work_mem, a pass over the ledger for
    /// each row. This way a row costs the same whatever the statistics say. The hash of the text, which has to be
    /// fetched for it, is only worked out for rows that have an entry. IS TRUE hides a condition from the other index, which
    /// a plan that was made while the ledger was empty would go through for each row.
    private var due: String {
        guard hasLedger else { return "true" }
        let key = "t.\(quoteIdentifier(spec.key))::pg_catalog.text COLLATE pg_catalog.\"C\""
        return """
            NOT (
                (SELECT EXISTS (
                    SELECT FROM backfilld.failure AS f
                    WHERE f.watch OPERATOR(pg_catalog.=) \(watch) AND f.next_try OPERATOR(pg_catalog.>) pg_catalog.now()))
                AND EXISTS (
                    SELECT FROM backfilld.failure AS f
                    WHERE f.key_hash OPERATOR(pg_catalog.=) pg_catalog.hashtextextended(\(key), 0)
                        AND (f.watch OPERATOR(pg_catalog.=) \(watch)) IS TRUE
                        AND f.key OPERATOR(pg_catalog.=) \(key)
                        AND (f.next_try OPERATOR(pg_catalog.>) pg_catalog.now()) IS TRUE
                        AND (f.source IS NULL OR f.source OPERATOR(pg_catalog.=) \(source.sql(alias: "t")))))
            """
    }

    /// That the row of an entry `f` of the ledger is pending with the text that it failed with.
    ///
    /// A scalar subquery stays one, and finds each row by its key.
    private var stands: String {
        """
        COALESCE((
            SELECT true FROM \(quotedRelation) AS t
            WHERE t.\(quoteIdentifier(spec.key)) \(keyEquality) f.key::\(keyType) AND \(pending)
                AND (f.source IS NULL OR f.source OPERATOR(pg_catalog.=) \(source.sql(alias: "t")))
            LIMIT 1), false)
        """
    }

    /// The vector with the number `l.number` in the parameter `$3` of a write.
    ///
    /// pgvector reads its own binary form several times as fast as the server reads an array of `real`; of `real[]`
    /// there are no arrays, so those come as one and are cut up.
    private var vectorValue: String {
        guard embeddingKind == .real else { return "($3::\(embeddingKind.castType)[])[l.number::pg_catalog.int4]" }
        let dimension = "$4::pg_catalog.int4"
        return "($3::pg_catalog.float4[])[(l.number - 1)::pg_catalog.int4 * \(dimension) + 1"
            + " : l.number::pg_catalog.int4 * \(dimension)]"
    }

    /// Vectors as the parameter `$3` of a write.
    func parameter(for vectors: [[Float]]) -> PostgresValue {
        let element = TypeOID(rawValue: UInt32(truncatingIfNeeded: embeddingTypeOID))
        return switch embeddingKind {
        case .vector: .array(vectors.map { .vector($0) }, of: element, as: .inferred)
        case .halfvec: .array(vectors.map { .halfvec($0) }, of: element, as: .inferred)
        case .real: .float4Array(vectors.flatMap(\.self))
        }
    }
}
