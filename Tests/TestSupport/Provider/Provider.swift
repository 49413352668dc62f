import Foundation
import Glibc
import Synchronization

/// A provider of embeddings on a port of 127.0.0.1 that speaks as OpenAI does, answers rightly, or as badly as it is told
/// to, and counts.
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
        /// To whom right answers were sent, in order, by text: whether they arrived only those know.
        public var embedded: [String: [String]] = [:]
    }

    private struct State: Sendable {
        var tally = Tally()
        var faults: [Fault] = []
        var chance = 0.0
        var latency = Duration.zero
        var random: SeededRandom
    }

    /// A text with this in it is refused, always.
    public static let poison = "☠"

    /// What it says then.
    public static let refusal = "a text is not taken"

    /// The field in which a daemon says which one it is.
    public static let clientField = "x-lab-client"

    /// Where it listens, on 127.0.0.1.
    public var port: Int { server.withLock { $0?.port ?? 0 } }
    private let vector: @Sendable (String) -> [Float]
    private let state: Mutex<State>
    private let server = Mutex<LabHTTPServer?>(nil)

    /// Listens on a port of its own.
    ///
    /// - Parameters:
    ///   - seed: For what it does by chance.
    ///   - vector: The right vector of a text.
    public init(seed: UInt64 = 0, vector: @escaping @Sendable (String) -> [Float]) throws {
        self.vector = vector
        state = Mutex(State(random: SeededRandom(seed: seed)))
        let server = try LabHTTPServer { [weak self] in self?.serve($0) ?? LabHTTPReply(status: 503, body: []) }
        self.server.withLock { $0 = server }
    }

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

    /// Whether a text is one that it refuses.
    public static func isPoisoned(_ text: String) -> Bool { text.contains(poison) }

    private func serve(_ message: LabHTTPRequest) -> LabHTTPReply {
        guard let request = ProviderRequest(message) else {
            return ProviderAnswer.error(404, "no such request")
        }
        let (fault, latency, length) = state.withLock { state in
            state.tally.requests += 1
            state.tally.askers.insert(request.client)
            let fault = state.random.chance(state.chance) ? state.faults.randomElement(using: &state.random) : nil
            if let fault, !fault.isHarmless { state.tally.faults += 1 }
            return (fault, state.latency, state.random.below(200))
        }
        // A provider takes its time: nobody in the test waits for this but the one who asked.
        pause(latency + (fault == .slow ? .milliseconds(300 + length) : .zero))
        var reply = answer(request, fault, length)
        switch fault {
        case .drop: reply.manner = .drop
        case .cut: reply.manner = .cut(after: length)
        case .reset: reply.manner = .reset(after: length)
        default: break
        }
        if fault?.isHarmless ?? true, !request.texts.contains(where: Self.isPoisoned) {
            reply.whenSent { [weak self] in
                self?.state.withLock { state in
                    for text in request.texts { state.tally.embedded[text, default: []].append(request.client) }
                }
            }
        }
        return reply
    }

    private func answer(_ request: ProviderRequest, _ fault: Fault?, _ chance: Int) -> LabHTTPReply {
        if fault == .limited { return ProviderAnswer.limited(milliseconds: chance.isMultiple(of: 3) ? nil : chance) }
        if fault == .broken { return ProviderAnswer.error(500, "Internal Server Error") }
        if request.texts.contains(where: Self.isPoisoned) { return ProviderAnswer.error(400, Self.refusal) }
        var items = request.texts.enumerated().map { (index: $0, vector: vector($1)) }
        let place = items.isEmpty ? 0 : chance % items.count
        switch fault {
        case .short: items.removeLast(min(1, items.count))
        case .notFinite: if !items.isEmpty { items[place].vector[0] = chance.isMultiple(of: 2) ? .nan : .infinity }
        case .dimension: if !items.isEmpty { items[place].vector.removeLast() }
        case .shuffled: items.reverse()
        case .doubled: if items.count > 1 { items[place].index = (place + 1) % items.count }
        default: break
        }
        return ProviderAnswer.vectors(items, asBase64: request.asBase64)
    }

    private func pause(_ duration: Duration) {
        guard duration > .zero else { return }
        // What a slow provider is made of, on the thread of its connection.
        usleep(UInt32(duration / .microseconds(1)))
    }
}
