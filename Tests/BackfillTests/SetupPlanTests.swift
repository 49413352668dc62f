import Embedders
import Testing

@testable import Backfill

struct SetupPlanTests {
    @Test func firstSetUp() throws {
        let plan = try SetupPlan(Fixture.options, shape: Fixture.table, facts: Fixture.facts)
        #expect(plan.stages.map(\.kind) == [.transaction, .alone])
        #expect(
            plan.steps.map(\.title) == [
                "schema backfilld, version 1", "schema backfilld, version 2", "schema backfilld, version 3",
                "schema backfilld, version 4",
                "record public.music_knowledge as watched table 1",
                "function backfilld.cleared_1", "function backfilld.wake_1", "function backfilld.inserted_1",
                "lock public.music_knowledge for a moment",
                "trigger zzzz_backfilld_cleared_1 on public.music_knowledge",
                "trigger backfilld_changed_1 on public.music_knowledge",
                "trigger backfilld_inserted_1 on public.music_knowledge",
                "index backfilld_pending_1 on public.music_knowledge, concurrently",
            ])
        #expect(plan.warnings.isEmpty)
        #expect(plan.script.contains("IN SHARE ROW EXCLUSIVE MODE"))
    }

    @Test func nothingWaitsForATableBeforeItIsLocked() throws {
        let plan = try SetupPlan(Fixture.options, shape: Fixture.table, facts: Fixture.facts)
        let steps = plan.stages[0].steps
        let lock = try #require(steps.firstIndex { $0.isUnderLock })
        #expect(steps[lock].sql.contains("LOCK TABLE \"public\".\"music_knowledge\""))
        #expect(steps[lock...].allSatisfy { $0.isUnderLock })
        #expect(steps[..<lock].allSatisfy { !$0.sql.contains(" TRIGGER ") })
    }

    @Test func secondSetUpDoesNothing() throws {
        for shape in [Fixture.table, Fixture.partitioned] {
            let plan = try SetupPlan(
                Fixture.options, shape: Fixture.after(Fixture.options, shape), facts: Fixture.factsAfter)
            #expect(plan.isEmpty)
            #expect(plan.script.contains("nothing to do"))
        }
    }

    @Test func anotherModelOverAFilledColumnIsRefused() {
        var options = Fixture.options
        options.identity = EmbedderIdentity(embedder: "hash", model: "other", dimension: 384)
        for isFilled in [true, nil] {
            var shape = Fixture.after(Fixture.options, Fixture.table)
            shape.isFilled = isFilled
            #expect(
                throws: TableProblem.identityDiffers(
                    table: "public.music_knowledge", recorded: Fixture.hash, configured: options.identity)
            ) { try SetupPlan(options, shape: shape, facts: Fixture.factsAfter) }
        }
    }

    @Test func anotherModelOverAnEmptyColumnIsRecorded() throws {
        var options = Fixture.options
        options.identity = EmbedderIdentity(embedder: "hash", model: "it's", dimension: 384)
        var shape = Fixture.after(Fixture.options, Fixture.table)
        shape.isFilled = false
        let plan = try SetupPlan(options, shape: shape, facts: Fixture.factsAfter)
        #expect(
            plan.steps.map(\.title) == [
                "lock public.music_knowledge for a moment", "record what public.music_knowledge is set up for now",
            ])
        #expect(plan.steps[1].sql.contains("model = 'it''s'"))
        #expect(plan.steps[1].sql.contains("generation = generation + 1"))
    }

    @Test func anotherRecipeReplacesTheTriggersItConcerns() throws {
        var options = Fixture.options
        options.spec = TableSpec(
            name: options.spec.name, key: "id", embedding: "embedding", recipe: .columns(["topic", "category"]))
        var shape = Fixture.after(Fixture.options, Fixture.table)
        shape.isFilled = false
        let plan = try SetupPlan(options, shape: shape, facts: Fixture.factsAfter)
        let triggers = plan.steps.filter { $0.title.hasPrefix("trigger") }
        #expect(
            triggers.map(\.title) == [
                "trigger zzzz_backfilld_cleared_1 on public.music_knowledge",
                "trigger backfilld_changed_1 on public.music_knowledge",
            ])
        #expect(triggers.allSatisfy { $0.sql.hasPrefix("CREATE OR REPLACE TRIGGER") })
        #expect(triggers[1].sql.contains("UPDATE OF \"topic\", \"category\""))
    }

    @Test func thirteenCannotReplaceATrigger() throws {
        var facts = Fixture.factsAfter
        facts.serverVersion = 130_012
        var shape = Fixture.after(Fixture.options, Fixture.table)
        shape.triggers[0].enabled = "D"
        let plan = try SetupPlan(Fixture.options, shape: shape, facts: facts)
        #expect(plan.steps.map(\.sql).contains { $0.contains("IN ACCESS EXCLUSIVE MODE") })
        #expect(plan.steps.map(\.sql).contains { $0.hasPrefix("DROP TRIGGER \"zzzz_backfilld_cleared_1\"") })
    }

    @Test func generatedColumnsAreReplacedByTheirBase() throws {
        var shape = Fixture.table
        var fts = Fixture.column("fts", "tsvector")
        fts.isGenerated = true
        fts.baseColumns = ["topic", "category"]
        shape.columns.append(fts)
        #expect(
            shape.baseColumns(of: .columns(["suggestion", "fts", "topic"])) == ["suggestion", "topic", "category"])
    }

    @Test func preparedTransactionsTurnWakeUpsOff() throws {
        var facts = Fixture.facts
        facts.maxPreparedTransactions = 5
        let plan = try SetupPlan(Fixture.options, shape: Fixture.table, facts: facts)
        #expect(plan.warnings.count == 1)
        #expect(!plan.script.contains("wake_1"))
        #expect(plan.script.contains("cleared_1"))
        var options = Fixture.options
        options.notify = .ids
        let asked = try SetupPlan(options, shape: Fixture.table, facts: facts)
        #expect(asked.script.contains("inserted_1"))
        #expect(asked.warnings.count == 1)
    }

    @Test func theSchemaIsChecked() {
        var newer = Fixture.factsAfter
        newer.migrations.append(99)
        #expect(throws: TableProblem.schemaTooNew(found: 99, known: Migration.current)) {
            try SetupPlan(Fixture.options, shape: Fixture.table, facts: newer)
        }
        var taken = Fixture.factsAfter
        taken.migrations = []
        #expect(throws: TableProblem.schemaTaken) {
            try SetupPlan(Fixture.options, shape: Fixture.table, facts: taken)
        }
        var old = Fixture.facts
        old.serverVersion = 120_020
        #expect(throws: TableProblem.serverTooOld(version: 120_020)) {
            try SetupPlan(Fixture.options, shape: Fixture.table, facts: old)
        }
    }
}
