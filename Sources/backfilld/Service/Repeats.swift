import Backfill
import Logging

/// Folds what is told again and again: the first time is told at once, what follows as a sum at the end of a window.
///
/// A pure value: it is told the time.
struct Repeats: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// How often the same happened since it was last told, and in how long.
    struct Sum: Sendable, Equatable {
        var text: String
        var count: Int
        var span: Duration
    }

    /// What to do with one more.
    enum Decision: Sendable, Equatable {
        /// It is news.
        case tell
        /// It was told, and a window is over in which it happened so often, this time included.
        case sum(Sum)
        /// It was told, and waits to be told as a sum.
        case fold
    }

    /// What is over.
    struct End: Sendable, Equatable {
        /// When the first came.
        var since: Instant
        /// How often it happened, whatever it was.
        var count: Int

        /// How long it went on until now.
        func span(at now: Instant) -> Duration { now - since }
        /// `, after 3 failed attempts`, where it was more than one.
        var attempts: String { count > 1 ? ", after \(count.grouped) failed attempts" : "" }
        /// What an entry of it has for fields.
        func fields(at now: Instant) -> [JournalKey: Logger.MetadataValue] {
            [.awayMs: span(at: now).inMilliseconds, .attempts: "\(count)"]
        }
    }

    static let window = Duration.seconds(300)
    /// Texts that are told apart; with more of them the oldest are told anew, for texts may differ in every number.
    static let most = 100

    private struct Told: Sendable {
        var at: Instant
        var count = 0
    }

    private var told: [String: Told] = [:]
    private var all: End?

    /// When the first came since the last end; nil where nothing has.
    var since: Instant? { all?.since }

    /// It happened, so many times at once.
    mutating func add(_ text: String, times: Int = 1, at now: Instant) -> Decision {
        all = End(since: all?.since ?? now, count: (all?.count ?? 0) + times)
        guard var last = told[text] else {
            if told.count >= Self.most, let oldest = told.min(by: { $0.value.at < $1.value.at }) {
                told[oldest.key] = nil
            }
            told[text] = Told(at: now)
            return .tell
        }
        last.count += times
        guard now - last.at >= Self.window else {
            told[text] = last
            return .fold
        }
        told[text] = Told(at: now)
        return .sum(Sum(text: text, count: last.count, span: now - last.at))
    }

    /// The sums whose window is over, for what has not happened again since; `all` where nothing more will happen.
    mutating func due(at now: Instant, all: Bool = false) -> [Sum] {
        var sums: [Sum] = []
        for (text, last) in told where all || now - last.at >= Self.window {
            if last.count > 0 { sums.append(Sum(text: text, count: last.count, span: now - last.at)) }
            told[text] = nil
        }
        return sums.sorted { $0.text < $1.text }
    }

    /// It is over: since when it was, and how often; nil where nothing was.
    mutating func end() -> End? {
        defer { (told, all) = ([:], nil) }
        return all
    }
}

extension Repeats.Sum {
    /// `240 times in 5 min`
    var description: String { "\(count == 1 ? "once" : "\(count.grouped) times") in \(Vitals.span(span))" }
}
