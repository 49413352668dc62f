@testable import Embedders

/// A provider that allows so many requests a minute, on a clock of the test's.
struct VirtualProvider {
    /// How it counts.
    enum Counting: Sendable, CustomStringConvertible {
        /// By minutes that begin at a second of its own.
        case windows(endingAt: Double)
        /// By the minute before each request.
        case sliding
        /// By a bucket that fills up evenly.
        case bucket(Double)

        var description: String {
            switch self {
            case .windows(let end): "windows ending at \(end) s"
            case .sliding: "the minute before"
            case .bucket(let capacity): "a bucket of \(capacity)"
            }
        }
    }

    let limit: Int
    let counting: Counting
    /// Whether it tells waits in whole seconds.
    let isWhole: Bool
    /// Whether it says nothing of how long to wait.
    var isMute = false
    /// When it takes nothing, whoever asks, and says each time to ask again in a second.
    var storm = 0.0..<0.0
    private(set) var taken: [Double] = []
    private(set) var refused: [Double] = []
    private var level = 0.0
    private var filled = 0.0

    init(limit: Int, _ counting: Counting, isWhole: Bool) {
        self.limit = limit
        self.counting = counting
        self.isWhole = isWhole
        if case .bucket(let capacity) = counting { level = capacity }
    }

    /// A request arrives; nil where it is taken, else how long to wait.
    mutating func wait(at time: Double) -> Double? {
        if storm.contains(time) {
            refused.append(time)
            return 1
        }
        guard let wait = exactWait(at: time) else {
            taken.append(time)
            return nil
        }
        refused.append(time)
        return isWhole ? max(1, wait.rounded(.up)) : wait
    }

    private mutating func exactWait(at time: Double) -> Double? {
        switch counting {
        case .windows(let end):
            let begin = ((time - end) / 60).rounded(.down) * 60 + end
            return taken.count { $0 >= begin } >= limit ? begin + 60 - time : nil
        case .sliding:
            let recent = taken.filter { $0 > time - 60 }
            return recent.count >= limit ? recent[recent.count - limit] + 60 - time : nil
        case .bucket(let capacity):
            level = min(capacity, level + (time - filled) * Double(limit) / 60)
            filled = time
            guard level < 1 else {
                level -= 1
                return nil
            }
            return (1 - level) * 60 / Double(limit)
        }
    }
}

/// Sends to a provider as fast as a throttle lets it, on a clock of the test's.
struct VirtualSending {
    var throttle: Throttle
    var provider: VirtualProvider
    /// From the request to its answer, in seconds.
    let latency: Double
    private let began = ContinuousClock.now
    private var time = 0.0
    private var underWay: [(ends: Double, ticket: Throttle.Ticket, wait: Double?)] = []

    init(_ throttle: Throttle, to provider: VirtualProvider, latency: Double) {
        self.throttle = throttle
        self.provider = provider
        self.latency = latency
    }

    private var now: Throttle.Moment { Throttle.Moment(began + .seconds(time), seconds: Int(time)) }

    /// Goes on until then; a timer is late by up to ten milliseconds.
    mutating func run(until end: Double) {
        var lateness = 0.0
        while time < end {
            var wake = end
            switch throttle.next(estimate: 100, at: now) {
            case .send(let ticket):
                underWay.append((time + latency, ticket, provider.wait(at: time + latency / 2)))
                continue
            case .full: break
            case .wait(let until, _), .stopped(let until, _), .tooMuch(_, let until, _):
                lateness = lateness > 0.009 ? 0 : lateness + 0.0013
                wake = (until - began).inSeconds + lateness
            }
            guard let first = underWay.first, first.ends <= wake else {
                time = max(time + 0.000_001, wake)
                continue
            }
            underWay.removeFirst()
            time = first.ends
            if let wait = first.wait {
                throttle.limited(first.ticket, retryAfter: provider.isMute ? nil : .seconds(wait), Allowance(), at: now)
            } else {
                throttle.answered(first.ticket, charged: nil, Allowance(), at: now)
            }
        }
    }
}
