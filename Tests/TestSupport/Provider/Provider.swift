import Glibc
import Synchronization

/// A provider of embeddings on a port of 127.0.0.1, which answers rightly, or as badly as it is told to, and counts.
public final class Provider: Sendable {
    /// A way not to answer as one should.
    public enum Fault: String, Sendable, CaseIterable {
        /// Too many requests, and how long to wait.
        case limited
        /// An error of its own.
        case broken
        /// A right answer, late.
        case slow
        /// The connection ended before the answer.
        case drop
        /// The connection ended in the middle of the answer.
        case cut
        /// The connection reset in the middle of the answer.
        case reset
        /// A vector too few.
        case short
        /// A component that is no number.
        case notFinite
        /// A component too few.
        case dimension
        /// A right answer, in another order.
        case shuffled
        /// Two vectors for one text, none for another.
        case doubled

        /// Whether the answer is right all the same.
        public var isHarmless: Bool { self == .slow || self == .shuffled }
    }

    /// What it has done so far.
    public struct Tally: Sendable {
        /// Requests that arrived whole.
        public var requests = 0
        /// Who sent them.
        public var askers: Set<String> = []
        /// Requests that were answered wrongly, on order.
        public var faults = 0
        /// Whose right answers arrived, in order, by text: how often each text was embedded.
        public var embedded: [String: [String]] = [:]
    }

    private struct State: Sendable {
        var tally = Tally()
        var faults: [Fault] = []
        var chance = 0.0
        var latency = Duration.zero
        var random: SeededRandom
        var isClosed = false
    }

    /// A text with this in it is refused, always.
    public static let poison = "☠"

    /// What it says then.
    public static let refusal = "400: a text is not taken"

    /// Where it listens, on 127.0.0.1.
    public let port: Int
    private let vector: @Sendable (String) -> [Float]
    private let state: Mutex<State>
    private let wake: Int32

    /// Listens on a port of its own.
    ///
    /// - Parameters:
    ///   - seed: For what it does by chance.
    ///   - vector: The right vector of a text.
    public init(seed: UInt64 = 0, vector: @escaping @Sendable (String) -> [Float]) throws {
        let woken: Int32
        (wake, woken) = try makeSocketPair()
        let listener: Int32
        do {
            (listener, port) = try TCPPort.listening(on: 0)
        } catch {
            close(wake)
            close(woken)
            throw error
        }
        self.vector = vector
        state = Mutex(State(random: SeededRandom(seed: seed)))
        startThread { [weak self] in
            var descriptors = [
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
                pollfd(fd: woken, events: Int16(POLLIN), revents: 0),
            ]
            while descriptors[1].revents == 0 {
                poll(&descriptors, 2, -1)
                while let client = acceptClient(of: listener) {
                    startThread { [weak self] in
                        let wire = ProviderWire(socket: client, limit: .seconds(60))
                        if self?.serve(wire) == true { wire.reset() } else { wire.close() }
                    }
                }
            }
            close(listener)
            close(woken)
        }
    }

    deinit { close(wake) }

    /// From now on each request meets one of these, with this probability.
    public func misbehave(_ faults: [Fault], chance: Double = 1) {
        state.withLock { state in
            state.faults = faults
            state.chance = chance
        }
    }

    /// From now on every answer is right.
    public func behave() { misbehave([], chance: 0) }

    /// From now on every answer takes so long.
    public func take(_ latency: Duration) { state.withLock { $0.latency = latency } }

    /// What it has done so far.
    public var tally: Tally { state.withLock(\.tally) }

    /// Answers one request; whether the connection is to be reset.
    private func serve(_ wire: ProviderWire) -> Bool {
        guard let request = try? wire.receive(ProviderRequest.self) else { return false }
        let (fault, latency, length) = state.withLock { state in
            state.tally.requests += 1
            state.tally.askers.insert(request.client)
            let fault = state.random.chance(state.chance) ? state.faults.randomElement(using: &state.random) : nil
            if let fault, !fault.isHarmless { state.tally.faults += 1 }
            return (fault, state.latency, state.random.below(200))
        }
        // A provider takes its time: nobody in the test waits for this but the one who asked.
        pause(latency + (fault == .slow ? .milliseconds(300 + length) : .zero))
        if fault == .drop { return false }
        let isWhole = fault != .cut && fault != .reset
        guard (try? wire.send(answer(request, fault, length), most: isWhole ? nil : length)) != nil else {
            return false
        }
        if fault?.isHarmless ?? true, !request.texts.contains(where: Self.isPoisoned), wire.isAcknowledged() {
            state.withLock { state in
                for text in request.texts { state.tally.embedded[text, default: []].append(request.client) }
            }
        }
        return fault == .reset
    }

    /// Whether a text is one that it refuses.
    public static func isPoisoned(_ text: String) -> Bool { text.contains(poison) }

    private func answer(_ request: ProviderRequest, _ fault: Fault?, _ chance: Int) -> ProviderAnswer {
        if fault == .limited { return .limited(milliseconds: chance.isMultiple(of: 3) ? nil : chance) }
        if fault == .broken { return .unavailable("500 Internal Server Error") }
        if request.texts.contains(where: Self.isPoisoned) { return .refused(Self.refusal) }
        var items = request.texts.enumerated().map { ProviderAnswer.Item(index: $0, vector: vector($1)) }
        let place = items.isEmpty ? 0 : chance % items.count
        switch fault {
        case .short: items.removeLast(min(1, items.count))
        case .notFinite: if !items.isEmpty { items[place].vector[0] = chance.isMultiple(of: 2) ? .nan : .infinity }
        case .dimension: if !items.isEmpty { items[place].vector.removeLast() }
        case .shuffled: items.reverse()
        case .doubled: if items.count > 1 { items[place].index = (place + 1) % items.count }
        default: break
        }
        return .vectors(items)
    }

    private func pause(_ duration: Duration) {
        guard duration > .zero else { return }
        usleep(UInt32(duration / .microseconds(1)))
    }
}
