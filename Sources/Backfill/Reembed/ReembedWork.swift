import Embedders

/// What a reembed has to do, decided from the facts.
enum ReembedWork: Sendable, Hashable {
    /// The column has the configured model's vectors already.
    case nothing
    /// Only the column that an earlier one put out of use is to go.
    case dropPrevious
    /// Fill a column of its own, from the beginning or from where it was, and swap.
    case shadow
    /// Begin to walk through the rows.
    case walk
    /// Go on walking.
    case walkOn

    /// Decides it.
    ///
    /// - Parameters:
    ///   - inPlace: Whether that was asked for; a run that has begun goes on as it began.
    ///   - dropsOld: Whether the old column is to go.
    /// - Throws: ``TableProblem`` where it cannot or must not be done.
    init(_ facts: ReembedFacts, inPlace: Bool, dropsOld: Bool) throws(TableProblem) {
        if let run = facts.run {
            self = try Self.goingOn(run, facts, inPlace: inPlace)
        } else if facts.identity == facts.watch.identity {
            self = dropsOld && facts.watch.previous != nil ? .dropPrevious : .nothing
            if dropsOld { try Self.checkPrevious(facts) }
        } else if inPlace {
            self = try Self.walking(facts)
        } else {
            try Self.checkColumns(facts, dropsOld: dropsOld)
            if dropsOld { try Self.checkPrevious(facts) }
            self = .shadow
        }
    }

    private static func goingOn(
        _ run: ReembedRun, _ facts: ReembedFacts, inPlace: Bool
    ) throws(TableProblem) -> ReembedWork {
        let table = facts.shape.displayName
        let isSame = run.identity == facts.identity
        guard run.embedding == facts.spec.embedding else {
            throw .reembedUnderWay(
                table: table, what: "of column \(run.embedding), not \(facts.spec.embedding)",
                inPlace: run.mode == .inPlace)
        }
        switch run.mode {
        case .shadow:
            if inPlace {
                throw .reembedUnderWay(table: table, what: "column \(facts.next) is being filled, not in place")
            }
            guard isSame else {
                let differences = run.identity.differences(from: facts.identity).joined(separator: "; ")
                throw .reembedUnderWay(
                    table: table,
                    what: "by \(run.identity.summary), and the configuration says otherwise: \(differences)")
            }
            guard facts.shape.column(facts.next) != nil else {
                throw .reembedUnderWay(table: table, what: "but its column \(facts.next) is gone")
            }
            return .shadow
        case .inPlace:
            if isSame {
                try checkSeesAll(facts)
                return .walkOn
            }
            guard inPlace else {
                throw .reembedUnderWay(
                    table: table,
                    what: "in place, by \(run.identity.summary); with --in-place it begins again, with "
                        + facts.identity.summary, inPlace: true)
            }
            return try walking(facts)
        }
    }

    private static func walking(_ facts: ReembedFacts) throws(TableProblem) -> ReembedWork {
        let dimension = facts.column.dimension ?? facts.watch.identity.dimension
        guard dimension == facts.identity.dimension else {
            throw .dimensionMismatch(
                table: facts.shape.displayName, column: facts.spec.embedding, columnDimension: dimension,
                embedder: facts.identity)
        }
        try checkSeesAll(facts)
        return .walk
    }

    /// Rows that are hidden would keep the old model's vectors, and nobody would know.
    private static func checkSeesAll(_ facts: ReembedFacts) throws(TableProblem) {
        guard facts.isBoundByPolicies else { return }
        throw .notPermitted(
            table: facts.shape.displayName, what: "see all rows, because row level security binds it",
            hint: "Run \"backfilld reembed --in-place\" as a role that it does not bind, with BYPASSRLS for example")
    }

    /// Whether the column can be dropped that an earlier run put out of use.
    static func checkPrevious(_ facts: ReembedFacts) throws(TableProblem) {
        guard let previous = facts.watch.previous, !facts.previousDependents.isEmpty else { return }
        throw .previousInUse(
            table: facts.shape.displayName, column: previous, inUse: facts.spec.embedding,
            objects: facts.previousDependents)
    }

    /// Whether the names are free, and nothing is bound to the old column.
    static func checkColumns(_ facts: ReembedFacts, dropsOld: Bool) throws(TableProblem) {
        let table = facts.shape.displayName
        if let kept = facts.watch.previous, facts.shape.column(kept) != nil, !dropsOld {
            throw .columnTaken(table: table, column: kept, isPrevious: true)
        }
        for name in [facts.next, facts.previous]
        where facts.shape.column(name) != nil && name != facts.watch.previous && name != facts.run?.nextColumn {
            throw .columnTaken(table: table, column: name, isPrevious: false)
        }
        guard facts.dependents.isEmpty else {
            throw .dependents(table: table, column: facts.spec.embedding, objects: facts.dependents)
        }
    }
}
