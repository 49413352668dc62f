import Glibc

/// Points in time for people's programs, by the Gregorian calendar in UTC.
package enum UTCTime {
    /// `2026-11-23T02:00:00Z`, of seconds since 1970.
    package static func text(_ seconds: Double) -> String {
        let parts = parts(seconds)
        return day(parts) + "T"
            + [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded($0) }.joined(separator: ":") + "Z"
    }

    /// `2026-11-23`, of seconds since 1970.
    package static func day(_ seconds: Double) -> String { day(parts(seconds)) }

    private static func day(_ parts: tm) -> String {
        [padded(parts.tm_year + 1900, 4), padded(parts.tm_mon + 1), padded(parts.tm_mday)].joined(separator: "-")
    }

    private static func parts(_ seconds: Double) -> tm {
        var (time, parts) = (time_t(seconds.rounded(.down)), tm())
        gmtime_r(&time, &parts)
        return parts
    }

    private static func padded(_ number: Int32, _ width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
