import Backfill
import Logging
import PostgresClient
import Synchronization

/// Tells the log what happens: each thing once, in words that make sense without the fields. What happens again and
/// again is told as a sum.
///
/// No text of a row is ever told, and no vector; keys are, where a person has to look at a row.
final class Chronicle: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// What is remembered of a table.
    struct Table {
        var lines = BatchLines()
        var trouble = Repeats()
        var probes = Repeats()
        var charged = Repeats()
        var limits = Repeats()
        var isPaused = false
        var setAside = SetAsideLines()
    }

    struct State {
        var tables: [Int32: Table] = [:]
        var away = Repeats()
        var isDeaf = false
        var hasListened = false

        subscript(watch: Int32) -> Table {
            get { tables[watch] ?? Table() }
            set { tables[watch] = newValue }
        }
    }

    let logger: Logger
    let names: [Int32: String]
    let now: @Sendable () -> Instant
    let state = Mutex(State())

    /// - Parameters:
    ///   - logger: Where it tells.
    ///   - names: The tables' names by their numbers.
    ///   - now: Reads the clock.
    init(logger: Logger, names: [Int32: String], now: @escaping @Sendable () -> Instant = { .now }) {
        self.logger = logger
        self.names = names
        self.now = now
    }

    func tell(_ event: Daemon.Event) {
        switch event {
        case .listener(let event): tell(event)
        case .table(let table, let event, let condition):
            tell(pausedFor: condition.pausedFor, of: table.watch)
            tell(event, of: table.watch)
        case .stage: break
        }
    }

    /// Tells what is still to be told, when nothing more will happen.
    func finish() {
        for watch in names.keys.sorted() {
            tellSums(of: watch, all: true)
            flush(watch)
        }
    }

    /// A table's name, for messages and fields.
    func name(_ watch: Int32) -> String { names[watch] ?? "table \(watch)" }

    /// What a message of a sum has at its end, and the fields that go with it.
    static func tail(_ sum: Repeats.Sum?) -> (text: String, fields: [JournalKey: Logger.MetadataValue]) {
        guard let sum else { return ("", [:]) }
        return (
            " (repeated \(sum.description))",
            [.repeated: "\(sum.count)", .repeatedMs: sum.span.inMilliseconds]
        )
    }

    /// The server's code of an error, where it is one of the server's.
    static func stateField(_ error: any Error) -> [JournalKey: Logger.MetadataValue] {
        (error as? PostgresError)?.sqlState.map { [.sqlState: "\($0)"] } ?? [:]
    }
}

extension Repeats.Decision {
    /// The sum to tell with it.
    var sum: Repeats.Sum? {
        if case .sum(let sum) = self { sum } else { nil }
    }
}
