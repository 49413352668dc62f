/// What the fields of an answer say of a provider's limits.
enum RateFields {
    /// The longest time that is believed: nobody means more.
    private static let longest = Duration.seconds(86_400)
    /// The largest number of requests or tokens that is believed; some write a number near the end of all for "unlimited".
    private static let most = 1_000_000_000_000

    /// `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, as OpenAI names them and others after it.
    ///
    /// - Parameter now: Seconds since 1970, for a reset that is told as a time where the answer has no Date of its own.
    static func allowance(_ fields: [String: String], now: Int = unixTime()) -> Allowance {
        func count(_ names: String...) -> Int? {
            names.lazy.compactMap { fields["x-ratelimit-\($0)"].flatMap { Int($0) } }.first { $0 >= 0 }.map {
                min($0, most)
            }
        }
        func time(_ names: String...) -> Duration? {
            names.lazy.compactMap { fields["x-ratelimit-\($0)"].flatMap { reset($0, fields, now: now) } }.first
        }
        var allowance = Allowance()
        // Mistral's names are the second ones.
        allowance.requests = count("limit-requests", "limit-req-minute")
        allowance.requestsLeft = count("remaining-requests", "remaining-req-minute")
        allowance.requestsReset = time("reset-requests")
        allowance.tokens = count("limit-tokens", "limit-tokens-minute")
        allowance.tokensLeft = count("remaining-tokens", "remaining-tokens-minute")
        allowance.tokensReset = time("reset-tokens")
        return allowance
    }

    /// How long until a reset: a duration, or a time in seconds since 1970, which no duration is long enough to be.
    private static func reset(_ text: String, _ fields: [String: String], now: Int) -> Duration? {
        guard let time = number(text), time >= 1e9 else { return duration(text) }
        // In milliseconds, as some write it.
        let seconds = time >= 1e12 ? time / 1000 : time
        return clamped(seconds - Double(fields["date"].flatMap { HTTPDate.seconds($0, now: now) } ?? now))
    }

    /// How long to wait: `retry-after-ms`, or Retry-After in seconds or as a date.
    ///
    /// - Parameter now: Seconds since 1970, for a date where the answer has no Date of its own.
    static func retryAfter(_ fields: [String: String], now: Int) -> Duration? {
        if let text = fields["retry-after-ms"], let milliseconds = number(text) { return clamped(milliseconds / 1000) }
        guard let text = fields["retry-after"] else { return nil }
        if let seconds = number(text) { return clamped(seconds) }
        guard let date = HTTPDate.seconds(text, now: now) else { return nil }
        // Against the provider's own clock, which may go otherwise than ours.
        return clamped(Double(date) - Double(fields["date"].flatMap { HTTPDate.seconds($0, now: now) } ?? now))
    }

    /// `1s`, `6m0s`, `1h2m3.5s`, `20ms`, or a number of seconds.
    static func duration(_ text: String) -> Duration? {
        if let seconds = number(text) { return clamped(seconds) }
        var seconds = 0.0
        var rest = text[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest[digits.endIndex...]
            let unit = rest.prefix { $0.isLetter }
            rest = rest[unit.endIndex...]
            guard let value = number(String(digits)) else { return nil }
            switch unit {
            case "ms": seconds += value / 1000
            case "s": seconds += value
            case "m": seconds += value * 60
            case "h": seconds += value * 3600
            case "d": seconds += value * 86_400
            default: return nil
            }
        }
        return text.isEmpty ? nil : clamped(seconds)
    }

    /// Digits with or without a point; no sign, no exponent, no `inf`.
    private static func number(_ text: String) -> Double? {
        guard !text.isEmpty, text.utf8.count < 20, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || $0 == 0x2e }) else {
            return nil
        }
        return Double(text)
    }

    private static func clamped(_ seconds: Double) -> Duration {
        min(longest, .seconds(max(0, min(seconds, 1e6))))
    }
}
