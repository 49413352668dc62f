import Backfill

/// Decides which batches get a line of their own in the log.
///
/// One line a batch, as long as a person could read along; a backlog that drains at hundreds of batches a second is
/// told in sums. A pure value: it is told the time.
struct BatchLines: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// What one line tells.
    struct Line: Sendable, Equatable {
        var batches = 0
        var rows = 0
        var took = Duration.zero
        var failed = 0
        var cut = 0
        var long = 0
        var empty = 0

        /// The line's text, which makes sense without its fields.
        var text: String {
            var text = "embedded \(rows.counted("row"))"
            if batches > 1 { text += " in \(batches.grouped) batches" }
            text += batches > 1 ? ", \(Vitals.span(took)) of work" : " in \(Vitals.span(took))"
            if empty > 0 { text += ", \(empty.grouped) without text" }
            if cut > 0 { text += ", \(cut.grouped) cut to the text limit" }
            if long > 0 { text += ", \(long.grouped) over the model's limit" }
            if failed > 0 { text += ", \(failed.grouped) failed" }
            return text
        }
    }

    /// Lines of single batches in one window.
    static let single = 10
    static let window = Duration.seconds(10)

    private var windowStart: Instant?
    private var linesInWindow = 0
    private var sum = Line()

    /// A batch ended: the line to write now, if any.
    mutating func add(_ report: BatchReport, took: Duration, at now: Instant) -> Line? {
        sum.batches += 1
        sum.rows += report.written
        sum.took += took
        sum.failed += report.failures
        sum.cut += report.cut
        sum.long += report.long
        sum.empty += report.empty
        if let start = windowStart, now - start < Self.window {
            guard linesInWindow < Self.single else { return nil }
        } else {
            windowStart = now
            linesInWindow = 0
        }
        linesInWindow += 1
        return takeSum()
    }

    /// Nothing is left to do: what has not been told yet.
    mutating func flush() -> Line? {
        sum.batches > 0 ? takeSum() : nil
    }

    private mutating func takeSum() -> Line? {
        defer { sum = Line() }
        return sum.rows > 0 || sum.failed > 0 ? sum : nil
    }
}
