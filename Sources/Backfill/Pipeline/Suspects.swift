/// Rows that failed when nothing beside them was written, with an error that may be the server's as well as theirs.
///
/// A pure value: it is told of them, and that others were written.
struct Suspects: Sendable {
    /// How often each failed so, and how many batches had been written when it did.
    private var rows: [RowKey: (tries: Int, written: Int)] = [:]
    private var written = 0

    /// These rows failed, with none written beside them.
    ///
    /// - Parameter attempts: How often they may where nothing else is there to be written.
    /// - Returns: Whether it is for them: others were written since they failed the last time, or it has gone on for long.
    mutating func record(failed: Set<RowKey>, attempts: Int) -> Bool {
        if rows.count > Self.most { rows = [:] }
        var isOver = false
        for key in failed {
            let before = rows[key]
            let tries = (before?.tries ?? 0) + 1
            rows[key] = (tries, written)
            isOver = isOver || tries >= attempts || before.map { $0.written < written } ?? false
        }
        return isOver
    }

    /// Rows were written in another batch.
    mutating func othersWritten() { written += 1 }

    /// Those beyond are only found out later.
    private static let most = 1_000
}
