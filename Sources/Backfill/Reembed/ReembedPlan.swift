import Embedders
import PostgresClient

/// What a reembed does in the database, each part decided from the facts before anything is done: values to print, to
/// test and to run, as a set-up is.
///
/// Beside these parts there is only the filling, which is the pipeline's work.
struct ReembedPlan: Sendable {
    let facts: ReembedFacts

    var watch: Int32 { facts.watch.id }
    var table: String { facts.shape.quoted }
    var quotedNext: String { quoteIdentifier(facts.next) }
    var clearing: (TriggerSet.Function, TriggerSet.Trigger)? {
        TriggerSet.clearing(watch, suffix: "_next", spec: facts.nextSpec, kind: facts.kind, shape: facts.shape)
    }

    /// Adds the new column, has changes of the text clear it too, and makes it cheap to find what it still lacks.
    func beginning() -> SetupPlan {
        var plan = plan()
        plan.warnings = warnings()
        if facts.run == nil {
            var steps = [record(mode: .shadow, isUnderLock: false)]
            if let (function, _) = clearing {
                steps.append(.init(title: "function backfilld.\(function.name)", sql: function.sql, isUnderLock: false))
            }
            steps.append(lock(.accessExclusive))
            steps.append(
                .init(
                    title: "column \(facts.next) of type \(facts.nextType) on \(facts.shape.displayName)",
                    sql: addingColumn().joined(separator: "\n"), isUnderLock: true))
            if let (_, trigger) = clearing {
                steps.append(
                    .init(
                        title: "trigger \(trigger.name) on \(trigger.table)",
                        sql: trigger.sql(serverVersion: facts.serverVersion, replacing: false), isUnderLock: true))
            }
            plan.stages.append(.init(kind: .transaction, steps: steps))
        }
        plan.stages += facts.pendingIndex.stages()
        return plan
    }

    /// Builds the indexes, and lets the planner know what the new column is like.
    func indexing() -> SetupPlan {
        var plan = plan()
        let phase = SetupPlan.Step(
            title: "from here on the indexes are built",
            sql: "UPDATE backfilld.reembed SET phase = 'indexing' WHERE watch = \(watch)"
                + (facts.run.map { " AND run = \($0.run)" } ?? "") + ";", isUnderLock: false)
        plan.stages = [.init(kind: .transaction, steps: [phase])] + ReembedIndexes(facts: facts).stages()
        plan.stages.append(
            .init(
                kind: .alone,
                steps: [
                    .init(
                        title: "statistics of column \(facts.next)", sql: "ANALYZE \(table) (\(quotedNext));",
                        isUnderLock: false)
                ]))
        return plan
    }

    /// Puts the new column in the old one's place, in one short transaction.
    func swapping() -> SetupPlan {
        var plan = plan()
        let old = quoteIdentifier(facts.spec.embedding)
        let previous = quoteIdentifier(facts.previous)
        var sql = [
            // Whoever abandoned or replaced this run meanwhile has the last word.
            checkingUnderLock(),
            "ALTER TABLE \(table) RENAME COLUMN \(old) TO \(previous);",
            "ALTER TABLE \(table) RENAME COLUMN \(quotedNext) TO \(old);",
        ]
        sql += pendingSwap() + ReembedIndexes(facts: facts).renames()
        // The trigger's condition is bound to the old column, whatever it is called.
        if let (function, trigger) = TriggerSet.clearing(
            watch, spec: facts.spec, kind: facts.kind, shape: facts.shape)
        {
            sql.append("DROP TRIGGER IF EXISTS \(quoteIdentifier(trigger.name)) ON \(table);")
            sql.append(trigger.sql(serverVersion: facts.serverVersion, replacing: false))
            // A set-up of another release wrote it down otherwise.
            sql.append(function.sql)
        }
        sql += droppingClearing()
        sql += [
            "UPDATE backfilld.granted SET column_name = \(quoteLiteral(facts.previous)) "
                + "WHERE watch = \(watch) AND column_name = \(quoteLiteral(facts.spec.embedding));",
            "UPDATE backfilld.granted SET column_name = \(quoteLiteral(facts.spec.embedding)) "
                + "WHERE watch = \(watch) AND column_name = \(quoteLiteral(facts.next));",
            """
            UPDATE backfilld.watch
            SET \(identityAssignments(facts.run?.identity ?? facts.identity)),
                generation = generation + 1, previous_column = \(quoteLiteral(facts.previous))
            WHERE id = \(watch);
            """,
            "DELETE FROM backfilld.reembed WHERE watch = \(watch);", forgettingFailures,
            // A daemon of the old model finds out with its next batch that its time is over.
            "SELECT pg_catalog.pg_notify('backfilld', '\(watch)');",
        ]
        let swap = SetupPlan.Step(
            title: "\(facts.next) becomes \(facts.spec.embedding), which becomes \(facts.previous)",
            sql: sql.joined(separator: "\n"), isUnderLock: true)
        // Without the hash it is not to be run but to be shown.
        let checks = facts.fingerprint == nil ? [checkingFilled()] : []
        plan.stages = [.init(kind: .transaction, steps: checks + [lock(.accessExclusive), swap])]
        return plan
    }

    /// Drops the column that a reembed put out of use.
    func droppingPrevious() -> SetupPlan {
        var plan = plan()
        guard let previous = facts.watch.previous else { return plan }
        let isThere = facts.shape.column(previous) != nil
        let forget = SetupPlan.Step(
            title: "forget column \(previous)",
            sql: "DELETE FROM backfilld.granted WHERE watch = \(watch) AND column_name = \(quoteLiteral(previous));\n"
                + "UPDATE backfilld.watch SET previous_column = NULL WHERE id = \(watch);", isUnderLock: isThere)
        let drop = SetupPlan.Step(
            title: "drop column \(previous) of \(facts.shape.displayName), with its indexes",
            sql: "ALTER TABLE \(table) DROP COLUMN \(quoteIdentifier(previous));", isUnderLock: true)
        plan.stages = [
            .init(kind: .transaction, steps: isThere ? [lock(.accessExclusive), drop, forget] : [forget])
        ]
        return plan
    }

    /// Takes a run away, with the column that it was filling.
    func abandoning() -> SetupPlan {
        var plan = plan()
        var sql = droppingClearing()
        if facts.shape.column(facts.next) != nil { sql.append("ALTER TABLE \(table) DROP COLUMN \(quotedNext);") }
        sql += [
            "DELETE FROM backfilld.granted WHERE watch = \(watch) AND column_name = \(quoteLiteral(facts.next));",
            "DELETE FROM backfilld.reembed WHERE watch = \(watch);",
        ]
        plan.stages = [
            .init(
                kind: .transaction,
                steps: [
                    lock(.accessExclusive),
                    .init(
                        title: "drop column \(facts.next) of \(facts.shape.displayName), with its indexes and trigger",
                        sql: sql.joined(separator: "\n"), isUnderLock: true),
                ])
        ]
        return plan
    }

    /// Records that the column is of the new model from now on, and that its rows are still to be walked through.
    func beginningInPlace(total: Int) -> SetupPlan {
        var plan = plan()
        // The lock for the same reason as in set-up: no daemon of the old model writes once this is committed.
        plan.stages = [
            .init(
                kind: .transaction,
                steps: [
                    lock(.shareRowExclusive), record(mode: .inPlace, total: total, isUnderLock: true),
                    .init(
                        title: "record \(facts.identity.summary) for \(facts.shape.displayName)",
                        sql: """
                            UPDATE backfilld.watch
                            SET \(identityAssignments(facts.identity)), generation = generation + 1
                            WHERE id = \(watch);
                            \(forgettingFailures)
                            """, isUnderLock: true),
                ])
        ]
        return plan
    }
}
