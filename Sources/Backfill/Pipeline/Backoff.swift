/// How long to wait before trying again: doubling from `first` to `longest`, each time somewhere in the upper half.
///
/// The random part keeps daemons that failed together from coming back together.
package struct Backoff: Sendable {
    private let first: Duration
    private let longest: Duration
    /// Failures since the last success.
    package private(set) var failures = 0

    /// Waits between `first / 2` and `longest`.
    package init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
    }

    /// The wait after one more failure.
    package mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        let wait = Self.wait(after: failures, first: first, longest: longest)
        failures += 1
        return wait / 2 + wait * Double.random(in: 0...0.5, using: &random)
    }

    /// Begins anew after a success.
    package mutating func reset() {
        failures = 0
    }

    /// The upper end of the wait after so many failures before.
    static func wait(after failures: Int, first: Duration, longest: Duration) -> Duration {
        var wait = first
        for _ in 0..<min(failures, 40) where wait < longest { wait *= 2 }
        return min(wait, longest)
    }
}
