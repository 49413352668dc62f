import Testing

@testable import Backfill

struct SetupTriggerTests {
    private func set(_ notify: NotifyMode, shape: TableShape = Fixture.table) -> TriggerSet {
        TriggerSet(watch: 7, spec: Fixture.spec, notify: notify, kind: .vector(schema: "extensions"), shape: shape)
    }

    @Test func modesHaveTheirTriggers() {
        #expect(set(.ids).functions.map(\.name) == ["cleared_7", "wake_7", "inserted_7"])
        #expect(set(.wake).functions.map(\.name) == ["cleared_7", "wake_7"])
        #expect(set(.off).triggers.map(\.name) == ["zzzz_backfilld_cleared_7"])
        #expect(!set(.wake).triggers.contains { $0.hasNewTable })
    }

    @Test func theComparisonIsInWhenAndQualified() throws {
        let cleared = try #require(set(.off).triggers.first)
        #expect(
            cleared.sql(serverVersion: 180_000, replacing: false) == """
                CREATE TRIGGER "zzzz_backfilld_cleared_7" BEFORE UPDATE ON "public"."music_knowledge" FOR EACH ROW
                    WHEN (OLD."embedding" IS NOT NULL AND NEW."embedding" IS NOT NULL
                    AND pg_catalog.record_image_ne(ROW(OLD."topic", OLD."suggestion"), ROW(NEW."topic", NEW."suggestion"))
                    AND OLD."embedding" OPERATOR("extensions".=) NEW."embedding")
                    EXECUTE FUNCTION backfilld.cleared_7();
                ALTER TABLE "public"."music_knowledge" ENABLE ALWAYS TRIGGER "zzzz_backfilld_cleared_7";
                """)
    }

    @Test func namesThatLookLikePlaceholdersOrQuotesStayWhatTheyAre() {
        #expect(SQLFile.fill("{a} {b} {", ["a": "{b}", "b": "x"]) == "{b} x {")
        #expect("body $backfilld$ and $backfilld1$".dollarQuoted.hasPrefix("$backfilld2$\n"))
    }

    @Test func aDisabledTriggerOrCopyIsMadeAgain() {
        var shape = Fixture.after(Fixture.options, Fixture.partitioned)
        let wanted = TriggerSet(
            watch: 1, spec: Fixture.spec, notify: .ids, kind: .vector(schema: "extensions"), shape: shape)
        #expect(wanted.triggersToMake(shape).isEmpty)
        shape.triggers.append(
            .init(
                relation: 1003, name: "zzzz_backfilld_cleared_1", isOurs: true, function: "cleared_1", enabled: "D",
                hasNewTable: false, isInherited: true))
        #expect(wanted.triggersToMake(shape).map(\.name) == ["zzzz_backfilld_cleared_1"])
        #expect(wanted.triggersToDrop(watch: 1, shape).isEmpty)
    }

    @Test func turningWakeUpsOffDropsTheirTriggers() {
        let shape = Fixture.after(Fixture.options, Fixture.table)
        let off = TriggerSet(
            watch: 1, spec: Fixture.spec, notify: .off, kind: .vector(schema: "extensions"), shape: shape)
        #expect(off.triggersToDrop(watch: 1, shape).map(\.name) == ["backfilld_changed_1", "backfilld_inserted_1"])
    }

    @Test func anOwnersTriggerThatRunsLaterIsNamed() throws {
        var shape = Fixture.table
        for name in ["set_updated_at", "~last"] {
            shape.triggers.append(
                .init(
                    relation: 1000, name: name, isOurs: false, function: "f", enabled: "O", hasNewTable: false,
                    isInherited: false))
        }
        let plan = try SetupPlan(Fixture.options, shape: shape, facts: Fixture.facts)
        #expect(plan.warnings.count == 1)
        #expect(plan.warnings.first?.contains("\"~last\"") ?? false)
    }

    @Test func pausesGrowAndStayBounded() {
        var pauses = LockPauses()
        let drawn = (0..<20).map { _ in pauses.next(random: 0.5) }
        #expect(drawn.first == .seconds(1))
        #expect(drawn.last == .seconds(5))
        #expect(zip(drawn, drawn.dropFirst()).allSatisfy { $0 <= $1 })
    }
}
