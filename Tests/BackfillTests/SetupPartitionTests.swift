import Testing

@testable import Backfill

struct SetupPartitionTests {
    @Test func statementTriggersOnEveryPartition() throws {
        let plan = try SetupPlan(Fixture.options, shape: Fixture.partitioned, facts: Fixture.facts)
        let titles = plan.steps.map(\.title)
        for table in ["music_knowledge", "eu", "us", "us_1"] {
            #expect(titles.contains("trigger backfilld_inserted_1 on public.\(table)"))
            #expect(titles.contains("trigger backfilld_changed_1 on public.\(table)"))
        }
        #expect(titles.filter { $0.contains("cleared_1 on") }.count == 1)
    }

    @Test func aForeignPartitionTakesNoTransitionTable() throws {
        var shape = Fixture.partitioned
        shape.partitions.append(
            .init(relation: 1004, parent: 1002, name: QualifiedName(schema: "public", name: "far"), kind: .foreign))
        let set = TriggerSet(
            watch: 1, spec: Fixture.spec, notify: .ids, kind: .vector(schema: "extensions"), shape: shape)
        let inserted = set.triggers.filter { $0.name == "backfilld_inserted_1" }
        #expect(inserted.filter(\.hasNewTable).map(\.table.name).sorted() == ["eu", "us_1"])
        #expect(inserted.filter { !$0.hasNewTable }.allSatisfy { $0.function == "wake_1" })
    }

    @Test func indexesAreAttached() throws {
        let plan = try SetupPlan(Fixture.options, shape: Fixture.partitioned, facts: Fixture.facts)
        let sql = plan.stages.dropFirst().map { $0.steps.map(\.sql) }
        #expect(
            sql == [
                [
                    "CREATE INDEX \"backfilld_pending_1\" ON ONLY \"public\".\"music_knowledge\" ((true)) "
                        + "WHERE \"embedding\" IS NULL;",
                    "CREATE INDEX \"backfilld_pending_1_1002\" ON ONLY \"public\".\"us\" ((true)) "
                        + "WHERE \"embedding\" IS NULL;",
                    "ALTER INDEX \"public\".\"backfilld_pending_1\" ATTACH PARTITION "
                        + "\"public\".\"backfilld_pending_1_1002\";",
                ],
                [
                    "CREATE INDEX CONCURRENTLY \"backfilld_pending_1_1001\" ON \"public\".\"eu\" ((true)) "
                        + "WHERE \"embedding\" IS NULL;",
                    "CREATE INDEX CONCURRENTLY \"backfilld_pending_1_1003\" ON \"public\".\"us_1\" ((true)) "
                        + "WHERE \"embedding\" IS NULL;",
                ],
                [
                    "ALTER INDEX \"public\".\"backfilld_pending_1\" ATTACH PARTITION "
                        + "\"public\".\"backfilld_pending_1_1001\";"
                ],
                [
                    "ALTER INDEX \"public\".\"backfilld_pending_1_1002\" ATTACH PARTITION "
                        + "\"public\".\"backfilld_pending_1_1003\";"
                ],
            ])
    }

    @Test func aCutOffIndexIsBuiltAgain() throws {
        var shape = Fixture.after(Fixture.options, Fixture.partitioned)
        let leaf = try #require(shape.indexes.firstIndex { $0.relation == 1003 })
        shape.indexes[leaf].parent = nil
        shape.indexes[leaf].isValid = false
        let plan = try SetupPlan(Fixture.options, shape: shape, facts: Fixture.factsAfter)
        #expect(
            plan.steps.map(\.title) == [
                "drop index backfilld_pending_1_1003, which is invalid",
                "index backfilld_pending_1_1003 on public.us_1, concurrently",
                "attach index backfilld_pending_1_1003",
            ])
        shape.indexes[leaf].isValid = true
        let attachOnly = try SetupPlan(Fixture.options, shape: shape, facts: Fixture.factsAfter)
        #expect(attachOnly.steps.map(\.title) == ["attach index backfilld_pending_1_1003"])
    }

    @Test func aPlainTablesInvalidIndexIsBuiltAgain() throws {
        var shape = Fixture.after(Fixture.options, Fixture.table)
        shape.indexes[0].isValid = false
        let plan = try SetupPlan(Fixture.options, shape: shape, facts: Fixture.factsAfter)
        #expect(plan.stages.map(\.kind) == [.alone])
        #expect(plan.steps.map(\.sql).first == "DROP INDEX CONCURRENTLY \"public\".\"backfilld_pending_1\";")
    }

    @Test func aLaterPartitionIsNoticed() throws {
        var shape = Fixture.after(Fixture.options, Fixture.partitioned)
        let name = QualifiedName(schema: "public", name: "asia")
        shape.partitions.append(.init(relation: 1005, parent: 1000, name: name, kind: .leaf))
        shape.indexes.append(
            .init(
                relation: 1005, index: 6005, name: QualifiedName(schema: "public", name: "asia_expr_idx"),
                isValid: true, parent: 6000, isOnEmbedding: true))
        let plan = try SetupPlan(Fixture.options, shape: shape, facts: Fixture.factsAfter)
        #expect(
            plan.steps.map(\.title) == [
                "lock public.music_knowledge for a moment", "trigger backfilld_changed_1 on public.asia",
                "trigger backfilld_inserted_1 on public.asia",
            ])
    }
}
