import Testing

@testable import Backfill

@Suite struct SQLTextTests {
    @Test("Fragments take the places of their names and are not looked at again")
    func fill() {
        #expect(SQLFile.fill("", [:]) == "")
        #expect(SQLFile.fill("SELECT 1", ["table": "t"]) == "SELECT 1")
        #expect(SQLFile.fill("{a} x {b}{a}", ["a": "1", "b": "2"]) == "1 x 21")
        let odd = "\"odd {key} name\""
        #expect(SQLFile.fill("FROM {table} t", ["table": odd, "key": "k"]) == "FROM \(odd) t")
        #expect(SQLFile.fill("x }", [:]) == "x }")
        #expect(SQLFile.fill("x {", [:]) == "x {")
        #expect(SQLFile.fill("é{a}🎛", ["a": "中"]) == "é中🎛")
    }

    /// What `WatchedTable.fragments` and the callers of each file have to offer.
    private static let offered: Set = [
        "table", "key", "keys", "key_type", "equals", "embedding", "source", "columns",
        "pending", "locked_row", "owner_triggers", "value", "license", "vector_hash", "walked_row", "which", "old",
        "unpaused", "due", "stands", "unchanged", "may_be_locked",
    ]

    @Test(
        "Every statement about a table has only placeholders that there are fragments for",
        arguments: [
            SQLFile.batchRead, SQLFile.batchWrite, SQLFile.batchUnwritten, SQLFile.batchLock, SQLFile.batchClear,
            SQLFile.scanBacklog, SQLFile.probePending, SQLFile.explainRow, SQLFile.previewRows, SQLFile.countBacklog,
            SQLFile.reembedFailed, SQLFile.walkRead, SQLFile.walkWrite, SQLFile.walkCount, SQLFile.waitBacklog,
            SQLFile.ledgerStanding, SQLFile.ledgerEntries, SQLFile.ledgerPurge, SQLFile.ledgerForgive,
        ])
    func placeholders(sql: String) {
        let names = sql.split(separator: "{").dropFirst().compactMap { $0.split(separator: "}").first.map(String.init) }
        #expect(!names.isEmpty)
        #expect(Set(names).isSubset(of: Self.offered), "\(Set(names).subtracting(Self.offered))")
        let filled = SQLFile.fill(sql, Dictionary(uniqueKeysWithValues: Self.offered.map { ($0, "x") }))
        #expect(!filled.contains("{") && !filled.contains("}"))
    }

    @Test("No columns hash to a constant; each further column takes the hash before it as seed")
    func source() {
        #expect(SourceExpression(columns: []).sql(alias: "t") == "0::pg_catalog.int8")
        let one = SourceExpression(columns: ["a"]).sql(alias: "t")
        #expect(
            one == "pg_catalog.hashtextextended(COALESCE('=' OPERATOR(pg_catalog.||) t.\"a\"::pg_catalog.text, '-') "
                + "COLLATE pg_catalog.\"C\", 0::pg_catalog.int8)")
        #expect(
            SourceExpression(columns: ["a", "b"]).sql(alias: "t")
                == "pg_catalog.hashtextextended(COALESCE('=' OPERATOR(pg_catalog.||) t.\"b\"::pg_catalog.text, '-') "
                + "COLLATE pg_catalog.\"C\", \(one))")
    }

    @Test("Names are quoted, the alias is put in as it is, and the order of the columns counts")
    func names() {
        let sql = SourceExpression(columns: ["a\"; DROP TABLE t; --", "Größe"]).sql(alias: "new")
        #expect(sql.contains("new.\"a\"\"; DROP TABLE t; --\"::"))
        #expect(sql.contains("new.\"Größe\"::"))
        let ab = SourceExpression(columns: ["a", "b"]).sql(alias: "t")
        #expect(ab != SourceExpression(columns: ["b", "a"]).sql(alias: "t"))
    }
}
