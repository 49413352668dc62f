import PostgresClient

/// What is known of a batch while the rows are looked for that keep it from being written.
///
/// A pure value: it is told what came of each part that was tried, and says which to try next.
struct WriteSearch {
    private(set) var outcomes: [RowKey: RowOutcome] = [:]
    /// Rows that failed with no other beside them, and whether the server had taken a write by then.
    private var alone: [(row: EmbeddedRow, error: PostgresError, hadPassed: Bool)] = []
    /// Parts to try, the next one last.
    private var parts: [ArraySlice<EmbeddedRow>]
    /// Parts that could not be written in time: others come first.
    private var slow: [ArraySlice<EmbeddedRow>] = []
    /// Whether a statement went through for any row, so that the server takes writes.
    private var hasPassed = false
    private var isSplit = false
    private var locked = 0
    private var late = 0

    /// Rows that fail alone, before any is written, for reasons that may be the server's: then it is the server.
    static let mostInVain = 16
    /// Rows that are waited for alone, each as long as a write may take.
    static let mostLate = 4

    init(_ rows: [EmbeddedRow]) {
        parts = [rows[...]]
    }

    /// The next part to try; nil where nothing is left that is worth it.
    mutating func next() -> ArraySlice<EmbeddedRow>? {
        if isInVain {
            leave(parts + slow)
            return nil
        }
        if let part = parts.popLast() { return part }
        if late < Self.mostLate, let part = slow.popLast() { return part }
        leave(slow)
        slow = []
        return earlier()
    }

    /// A row that failed of what may be the server's, before the server took a write: that may have been over by then.
    private mutating func earlier() -> ArraySlice<EmbeddedRow>? {
        guard hasPassed,
            let place = alone.firstIndex(where: {
                !$0.hadPassed && !$0.error.mayBeOneRowsOwn && $0.error.code == .server
            })
        else { return nil }
        return [alone.remove(at: place).row]
    }

    /// A part was written, or it was found out why not.
    mutating func note(_ found: [RowKey: RowOutcome]) {
        outcomes.merge(found) { $1 }
        hasPassed = hasPassed || found.values.contains { !$0.saysNothingOfTheServer }
    }

    /// A part failed with an error that one of its rows may have caused.
    mutating func note(_ error: PostgresError, of part: ArraySlice<EmbeddedRow>) {
        let isLate = error.code == .deadlineExceeded
        if part.count > 1 {
            guard isLate else { return parts += split(part, into: 2) }
            return slow += split(part, into: 8)
        }
        guard let row = part.first else { return }
        if error.isOfLocks, !error.isRaised {
            locked += 1
            outcomes[row.key] = .locked(row)
        } else {
            late += isLate ? 1 : 0
            alone.append((row, error, hasPassed))
        }
    }

    /// What became of the rows.
    ///
    /// - Throws: ``PostgresError`` where it is the server's, for all that is known.
    func result() throws -> RowWriter.Written {
        var written = RowWriter.Written(outcomes: outcomes)
        let doubtful = alone.first { !$0.error.mayBeOneRowsOwn }?.error
        if !hasPassed, let doubtful, isInVain || late >= Self.mostLate { throw doubtful }
        for (row, error, _) in alone {
            let reason =
                error.code == .deadlineExceeded
                ? "its write takes longer than \(RowWriter.deadline.components.seconds) s" : error.description
            let isCertain = error.mayBeOneRowsOwn && !error.isAboutTheSchema
            written.outcomes[row.key] = isCertain ? .failed(reason) : .refused(row, reason: reason)
        }
        // The table may have come to be in order between one part and the next.
        written.doubt = alone.first { $0.error.isAboutTheSchema }?.error ?? (hasPassed ? nil : doubtful)
        return written
    }

    private var isInVain: Bool {
        !hasPassed && locked + alone.count { !$0.error.mayBeOneRowsOwn } >= Self.mostInVain
    }

    /// Rows that are tried again some other time.
    private mutating func leave(_ parts: [ArraySlice<EmbeddedRow>]) {
        for row in parts.joined() { outcomes[row.key] = .locked(row) }
    }

    private mutating func split(_ part: ArraySlice<EmbeddedRow>, into count: Int) -> [ArraySlice<EmbeddedRow>] {
        // Once in any order: those that fail may be side by side.
        let rows = isSplit ? part : part.shuffled()[...]
        isSplit = true
        let size = (rows.count + count - 1) / count
        return stride(from: rows.startIndex, to: rows.endIndex, by: size).map {
            rows[$0..<min($0 + size, rows.endIndex)]
        }
    }
}

extension RowOutcome {
    /// Whether no write of ours came of it that the server took.
    fileprivate var saysNothingOfTheServer: Bool {
        switch self {
        case .locked, .outdated: true
        default: false
        }
    }
}

extension PostgresError {
    /// Whether a part of the rows of a statement that failed with it may fare better.
    ///
    /// Whatever a function raised or met may be of the row that it ran for. So may be nearly all else; not that the server
    /// has no room or takes no writes, or that the table is locked. What the server cancelled at our deadline was too much,
    /// where a server that does not even answer that is away.
    var isDivisible: Bool {
        if code == .deadlineExceeded { return sqlState != nil }
        guard code == .server, !isConnectionFailure else { return false }
        return isInside || !["53", "25006", "55P03", "57P01", "57P02", "57P03"].contains(where: hasState)
    }

    /// Whether it is one of the rows' own for all that is known: from a constraint, a trigger, the data itself, or whatever
    /// SQLSTATE an owner's function makes up.
    ///
    /// What may be about the connection, the server's state, locks, deadlines and read-only transactions is not, as long as
    /// no other row gets past it.
    var mayBeOneRowsOwn: Bool {
        guard code == .server, !isConnectionFailure else { return false }
        return !["08", "0A", "25", "26", "28", "40", "53", "54", "55", "57", "58", "F0", "XX"].contains(where: hasState)
    }

    /// Whether it is about names and privileges: of the whole table as a rule, though a trigger may meet it in one row.
    var isAboutTheSchema: Bool { hasState("42") || hasState("3F") }

    /// Whether somebody else was in the way, who will be gone.
    var isOfLocks: Bool { ["55P03", "40001", "40P01"].contains(where: hasState) }
}
