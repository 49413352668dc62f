/// How one table's rows are gathered, embedded and written.
package struct PipelineSettings: Sendable, Hashable {
    /// Rows of a batch that was announced.
    package var rows = 50
    /// Without a new row for so long, a batch begins.
    package var quiet = Duration.milliseconds(25)
    /// No announced row waits longer for its batch to fill.
    package var longest = Duration.milliseconds(250)
    /// UTF-8 bytes of text in one call of the embedder.
    package var bytes = 1 << 20
    /// Batches under way at once.
    package var inFlight = 4
    /// Rows of a batch out of the backlog, where nobody waits for the first of them.
    package var backlogRows = 250
    /// Keys that one scan brings that are not in flight or held already, and so the most that are in line of a backlog, however
    /// long it is.
    package var page = 20_000
    /// Announced keys that are held; beyond it the table is scanned instead.
    package var mostAnnounced = 10_000
    /// UTF-8 bytes of a row's text that are embedded; the rest is cut off.
    package var textBytes = 64 << 10
    /// Rows that are begun at most, ever; nil for no end. For one-shot runs.
    package var mostRows: Int?
    /// Rows that all tables together begin in a second, at most; nil for no ceiling.
    package var rowsPerSecond: Int?
    /// After so long, what set-up made is looked at though nothing says that it changed: a trigger that is disabled tells nobody.
    package var surveyEvery = Duration.seconds(600)
    /// How a busy table is polled.
    package var polling = PollingPace()
    /// What happens after failures.
    package var retry = RetrySettings()

    /// Longer than any process lives.
    static let never = Duration.seconds(1_000_000_000)

    /// With so many left of a full page the next is looked for.
    var ahead: Int { page / 5 }

    /// The defaults.
    package init() {}
}
