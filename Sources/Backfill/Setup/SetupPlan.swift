/// What set-up will do in the database, decided before anything is done: a value to print, to test and to run.
package struct SetupPlan: Sendable, Hashable {
    /// One thing to do.
    package struct Step: Sendable, Hashable {
        /// What it does, for people: `create trigger backfilld_inserted_1 on public.notes`.
        package let title: String
        /// The SQL, one or several statements, each ended by a semicolon.
        package let sql: String
        /// Whether it takes a lock that writers notice, or follows a step that does.
        let isUnderLock: Bool
    }

    /// Steps that belong together.
    struct Stage: Sendable, Hashable {
        /// How its steps are run.
        enum Kind: Sendable, Hashable {
            /// In one short transaction, tried again when it does not get its locks at once.
            case transaction
            /// One by one outside a transaction, as CONCURRENTLY needs. They may take long and block no writer.
            case alone
        }
        /// How its steps are run.
        let kind: Kind
        /// Its steps, in order.
        let steps: [Step]
    }

    /// The table, for people; for a removal of everything, the schema.
    package let table: String
    /// The relations that its locks are on.
    let relations: [Int64]
    /// The number that the table has, or gets by it; nil for a removal.
    let watch: Int32?
    /// What is to be done, in order.
    var stages: [Stage] = []
    /// What a person should know before it is done.
    package internal(set) var warnings: [String] = []
    /// What was decided and why, such as the type of a new column.
    package internal(set) var notes: [String] = []

    init(table: String, relations: [Int64], watch: Int32? = nil) {
        self.table = table
        self.relations = relations
        self.watch = watch
    }

    /// Leaves out what is the same in plans that are carried out first, as the schema's migrations are.
    mutating func leaveOut(_ earlier: [SetupPlan]) {
        let done = Set(earlier.flatMap(\.steps))
        stages = stages.compactMap { stage in
            let steps = stage.steps.filter { !done.contains($0) }
            return steps.isEmpty ? nil : Stage(kind: stage.kind, steps: steps)
        }
    }

    /// Whether there is nothing to do: everything is as it should be.
    package var isEmpty: Bool { stages.isEmpty }

    /// All steps in order.
    package var steps: [Step] { stages.flatMap(\.steps) }

    /// The plan as a script for psql, with `ON_ERROR_STOP`.
    package var script: String {
        var lines = ["\\set ON_ERROR_STOP on"]
        for text in warnings { lines.append(contentsOf: Self.comment("Warning: " + text)) }
        for text in notes { lines.append(contentsOf: Self.comment(text)) }
        if isEmpty { lines.append("-- \(table): nothing to do.") }
        for stage in stages {
            lines.append("")
            if stage.kind == .transaction { lines += ["BEGIN;", Self.transactionSettings] }
            for step in stage.steps {
                lines.append(contentsOf: Self.comment(step.title))
                lines.append(step.sql)
            }
            if stage.kind == .transaction { lines.append("COMMIT;") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What each short transaction starts with.
    ///
    /// A session that hangs in the middle must not keep the table; a lock is waited for less long than the server's
    /// deadlock_timeout (1 s by default), so that no user's transaction is ever made the victim of a deadlock with
    /// set-up; and no name is looked up through somebody's search_path.
    static let transactionSettings = """
        SET LOCAL search_path = '';
        SET LOCAL lock_timeout = '800ms';
        SET LOCAL idle_in_transaction_session_timeout = '10s';
        """

    /// What gets a lock that writers notice. They queue behind it while it waits, so all of its waiting together is
    /// limited, whatever the number of partitions.
    static func lock(_ relation: String, mode: LockMode) -> String {
        """
        SET LOCAL statement_timeout = '800ms';
        LOCK TABLE \(relation) IN \(mode.rawValue) MODE;
        SET LOCAL statement_timeout = 0;
        """
    }

    /// How strongly a table is locked.
    enum LockMode: String {
        /// Enough to create and replace triggers; readers go on.
        case shareRowExclusive = "SHARE ROW EXCLUSIVE"
        /// Needed to drop a trigger or an index, to add a column and to create a policy.
        case accessExclusive = "ACCESS EXCLUSIVE"
    }

    private static func comment(_ text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).map { "-- " + $0 }
    }
}
