import Backfill
import NIOCore
import Synchronization

/// Tells everybody who watches what changes, at most four times a second; does nothing while nobody watches.
actor EventFeed {
    /// Rows that were written and are to be told of.
    private final class Inbox: Sendable {
        let keys = Mutex<[Int32: [RowKey]]>([:])
    }

    private let tally: Tally
    private let status: @Sendable () async -> JSONTree
    private let rows: @Sendable (Int32, [RowKey]) async -> JSONTree?
    private let executor: (any TaskExecutor)?
    private let inbox = Inbox()
    private var watchers: [Int: AsyncStream<ByteBuffer>.Continuation] = [:]
    private var number = 0
    private var pump: Task<Void, Never>?
    private var isOver = false

    /// Rows in one event.
    private static let most = 50
    private static let pace = Duration.milliseconds(250)
    /// How often somebody is told that there is nothing to tell, so that whoever is gone is noticed.
    private static let silence = Duration.seconds(15)

    /// - Parameters:
    ///   - tally: Hears what happens.
    ///   - status: How the daemon is.
    ///   - rows: What is told of rows of a table; nil for nothing.
    init(
        _ tally: Tally, executor: (any TaskExecutor)?, status: @escaping @Sendable () async -> JSONTree,
        rows: @escaping @Sendable (Int32, [RowKey]) async -> JSONTree?
    ) {
        self.tally = tally
        self.executor = executor
        self.status = status
        self.rows = rows
    }

    /// What happens from now on, the present state first. Whoever is too slow misses events, never the last.
    func watch() async -> AsyncStream<ByteBuffer> {
        let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self, bufferingPolicy: .bufferingNewest(64))
        guard !isOver else {
            continuation.finish()
            return stream
        }
        number += 1
        let id = number
        watchers[id] = continuation
        continuation.onTermination = { [weak self] _ in Task { await self?.leave(id) } }
        continuation.yield(Self.event("status", await status().text))
        // It may have gone meanwhile, or been dismissed.
        if pump == nil, watchers[id] != nil { begin() }
        return stream
    }

    /// Nobody is told anything any more.
    func end() {
        isOver = true
        dismiss()
    }

    /// Whoever watches is told nothing more, and has to ask anew.
    func dismiss() {
        for watcher in watchers.values { watcher.finish() }
        watchers = [:]
        rest()
    }

    private func leave(_ id: Int) {
        watchers[id] = nil
        if watchers.isEmpty { rest() }
    }

    private func rest() {
        pump?.cancel()
        pump = nil
        tally.whenChanged(nil)
        inbox.keys.withLock { $0 = [:] }
    }

    private func begin() {
        let (ticks, tick) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        tally.whenChanged { [inbox] slot, keys in
            if !keys.isEmpty {
                inbox.keys.withLock { all in
                    // The newest are worth seeing where there are too many.
                    all[slot, default: []].append(contentsOf: keys.suffix(Self.most))
                    all[slot] = all[slot]?.suffix(Self.most)
                }
            }
            tick.yield()
        }
        pump = Task(executorPreference: executor) { [weak self] in
            let clock = Task {
                while !Task.isCancelled {
                    try? await Task.sleep(for: Self.silence)
                    tick.yield()
                }
            }
            defer { clock.cancel() }
            var told = (text: "", at: ContinuousClock.now)
            for await _ in ticks {
                guard let self, !Task.isCancelled else { return }
                told = await self.tell(told)
                try? await Task.sleep(for: Self.pace)
            }
        }
    }

    /// Tells what is new.
    private func tell(_ told: (text: String, at: ContinuousClock.Instant)) async -> (String, ContinuousClock.Instant) {
        var events: [ByteBuffer] = []
        let text = await status().text
        if text != told.text { events.append(Self.event("status", text)) }
        let written = inbox.keys.withLock { keys in
            defer { keys = [:] }
            return keys
        }
        for (slot, keys) in written {
            if let tree = await rows(slot, keys) { events.append(Self.event("rows", tree.text)) }
        }
        if events.isEmpty {
            guard .now - told.at >= Self.silence else { return told }
            events.append(ByteBuffer(string: ": nothing new\n\n"))
        }
        for watcher in watchers.values { for event in events { watcher.yield(event) } }
        return (text, .now)
    }

    /// JSON has no line ends in it.
    private static func event(_ name: String, _ data: String) -> ByteBuffer {
        ByteBuffer(string: "event: \(name)\ndata: \(data)\n\n")
    }
}
