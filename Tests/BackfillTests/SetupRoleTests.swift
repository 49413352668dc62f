import Testing

@testable import Backfill

struct SetupRoleTests {
    private func plan(_ change: (inout TableShape) -> Void) throws -> SetupPlan {
        var options = Fixture.options
        options.role = "the daemon"
        var shape = Fixture.table
        shape.grantee = Grantee(name: "the daemon")
        change(&shape)
        return try SetupPlan(options, shape: shape, facts: Fixture.facts)
    }

    @Test func grantsColumnsAndNothingElse() throws {
        let script = try plan { _ in }.script
        #expect(
            script.contains(
                "GRANT SELECT (\"id\", \"topic\", \"suggestion\", \"embedding\", \"ctid\", "
                    + "\"xmin\", \"xmax\") ON \"public\".\"music_knowledge\" TO \"the daemon\";"))
        #expect(script.contains("GRANT UPDATE (\"embedding\") ON \"public\".\"music_knowledge\" TO \"the daemon\";"))
        #expect(script.contains("GRANT USAGE ON SCHEMA \"extensions\" TO \"the daemon\";"))
        #expect(!script.contains("POLICY"))
    }

    @Test func grantsTheColumnThatSearchLooksForWordsIn() throws {
        let script = try plan { $0.columns += [Fixture.column("old", "tsvector"), Fixture.column("fts", "tsvector")] }
            .script
        #expect(script.contains("GRANT SELECT (\"id\", \"topic\", \"suggestion\", \"fts\", \"embedding\", "))
    }

    @Test("What search by words depends on is told: a column that may not be read, and none at all in a large table")
    func adviceOnWords() throws {
        var shape = Fixture.table
        func advice(_ rows: Int, isReadable: Bool = true) -> Finding? {
            WordAdvice(
                shape: shape, recipe: Fixture.spec.recipe, rows: rows, isReadable: isReadable, configuration: "english"
            ).finding("t")
        }
        #expect(advice(5_000) == nil)
        let none = try #require(advice(5_001))
        #expect(none.level == .warning && none.found.contains("about 5,001 rows"))
        #expect(
            none.remedy?.contains(
                "ADD COLUMN fts tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce(\"topic\"::text, '') || ' ' || "
                    + "coalesce(\"suggestion\"::text, ''))) STORED; CREATE INDEX CONCURRENTLY ON") ?? false)
        shape.columns.append(Fixture.column("fts", "tsvector"))
        #expect(advice(1_000_000) == nil)
        #expect(advice(1, isReadable: false)?.remedy?.contains("setup --role") ?? false)
    }

    @Test func policiesOnlyWhereRowsAreHidden() throws {
        let script = try plan { $0.hasRowSecurity = true }.script
        #expect(script.contains("CREATE POLICY \"backfilld_1_select_the daemon\""))
        #expect(script.contains("FOR UPDATE TO \"the daemon\" USING (true) WITH CHECK (true);"))
        #expect(script.contains("IN ACCESS EXCLUSIVE MODE"))
        let free = try plan {
            $0.hasRowSecurity = true
            $0.grantee?.ignoresRowSecurity = true
        }
        #expect(!free.script.contains("POLICY"))
    }

    @Test func grantsOnlyWhatIsMissing() throws {
        var options = Fixture.options
        options.role = "d"
        var shape = Fixture.after(Fixture.options, Fixture.table)
        shape.hasRowSecurity = true
        shape.grantee = Grantee(
            name: "d", schemas: ["backfilld", "public", "extensions"],
            ownTables: Set(
                ["watch SELECT", "migration SELECT", "reembed SELECT"]
                    + ["activity", "failure", "lease", "quality"].flatMap { table in
                        ["SELECT", "INSERT", "UPDATE", "DELETE"].map { "\(table) \($0)" }
                    }),
            readable: ["id", "topic", "suggestion", "embedding", "ctid", "xmin", "xmax"], writable: ["embedding"],
            policies: ["r", "w"])
        #expect(try SetupPlan(options, shape: shape, facts: Fixture.factsAfter).isEmpty)
        shape.grantee?.writable = []
        let plan = try SetupPlan(options, shape: shape, facts: Fixture.factsAfter)
        #expect(plan.steps.map(\.title) == ["privileges for role d"])
    }

    @Test func longRoleNamesStillMakeAPolicyName() {
        let name = GrantSet.policyName(12, "select", String(repeating: "é", count: 60))
        #expect(name.utf8.count <= 63)
        #expect(name.hasPrefix("backfilld_12_select_é"))
    }

    @Test func removalLeavesTheDataAndForgetsLast() throws {
        var shape = Fixture.after(Fixture.options, Fixture.table)
        shape.hasRowSecurity = true
        let target = RemovalTarget(
            watch: 1, shape: shape, policies: ["backfilld_1_select_d"],
            grants: [.init(role: "d", privilege: "UPDATE", column: "embedding")])
        let plan = SetupPlan(removing: [target], alsoSchema: true)
        #expect(plan.stages.map(\.kind) == [.alone, .transaction, .transaction])
        #expect(plan.steps.last?.sql == "DROP SCHEMA backfilld CASCADE;")
        #expect(plan.script.contains("REVOKE UPDATE (\"embedding\") ON \"public\".\"music_knowledge\" FROM \"d\";"))
        #expect(!plan.script.contains("DROP COLUMN"))
        #expect(!plan.script.contains("DROP TABLE"))
        #expect(SetupPlan(removing: [], alsoSchema: false).isEmpty)
    }
}
