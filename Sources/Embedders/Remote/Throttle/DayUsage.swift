/// What was sent on a day, in UTC, for ceilings that count by the day.
package struct DayUsage: Sendable, Hashable {
    /// Days since 1970-01-01.
    package var day: Int
    /// Requests.
    package var requests = 0
    /// Tokens, as the provider charged for them where it says, else as they were reckoned.
    package var tokens = 0

    /// A day on which nothing was sent.
    package init(day: Int) { self.day = day }

    /// The day of a time in seconds since 1970.
    package static func day(of seconds: Int) -> Int { seconds / 86_400 }

    /// Another day begins with nothing. Where a clock was set back, or was wrong before, the day that was counted for goes on
    /// until the clock is past it: a count that begins anew would let more go than may.
    mutating func turn(at seconds: Int) {
        if Self.day(of: seconds) > day { self = DayUsage(day: Self.day(of: seconds)) }
    }

    /// This and what was sent beside it; of two days the later.
    package func adding(_ part: DayUsage) -> DayUsage {
        guard part.day == day else { return part.day > day ? part : self }
        var sum = self
        sum.requests = max(0, requests + part.requests)
        sum.tokens = max(0, tokens + part.tokens)
        return sum
    }

    /// As it is kept in a file between two runs: day, requests and tokens.
    package var text: String { "\(day) \(requests) \(tokens)\n" }

    /// Reads ``text``; nil where it is none.
    package init?(text: String) {
        let numbers = text.split(whereSeparator: \.isWhitespace).map { Int($0) }
        guard numbers.count == 3, let day = numbers[0], let requests = numbers[1], let tokens = numbers[2],
            [day, requests, tokens].allSatisfy({ 0...1_000_000_000_000_000 ~= $0 })
        else { return nil }
        (self.day, self.requests, self.tokens) = (day, requests, tokens)
    }
}
