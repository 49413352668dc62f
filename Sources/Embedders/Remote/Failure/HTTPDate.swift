/// The dates of HTTP (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, and the two forms of old servers,
/// `Sunday, 06-Nov-94 08:49:37 GMT` (RFC 850) and `Sun Nov  6 08:49:37 1994` (asctime).
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Seconds since 1970; nil for anything else.
    ///
    /// - Parameter now: Seconds since 1970, for a year of two digits: one that would be fifty years ahead is past.
    static func seconds(_ text: String, now: Int = unixTime()) -> Int? {
        let parts = text.split(separator: " ").map(String.init)
        switch parts.count {
        case 6 where parts[0].hasSuffix(",") && parts[5] == "GMT":
            return seconds(parts[3].count == 4 ? Int(parts[3]) : nil, parts[2], parts[1], parts[4])
        case 4 where parts[0].hasSuffix(",") && parts[3] == "GMT":
            let date = parts[1].split(separator: "-").map(String.init)
            guard date.count == 3, date[2].count == 2, let short = Int(date[2]), 0...99 ~= short else { return nil }
            let thisYear = 1970 + now / 31_556_952
            let year = thisYear - thisYear % 100 + short
            return seconds(year > thisYear + 50 ? year - 100 : year, date[1], date[0], parts[2])
        case 5 where !parts[0].hasSuffix(","):
            return seconds(parts[4].count == 4 ? Int(parts[4]) : nil, parts[1], parts[2], parts[3])
        default: return nil
        }
    }

    private static func seconds(_ year: Int?, _ month: String, _ day: String, _ time: String) -> Int? {
        guard let year, 1970...9999 ~= year, let month = months.firstIndex(of: month), let day = Int(day),
            1...31 ~= day
        else { return nil }
        let clock = time.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
        guard clock.count == 3, 0..<24 ~= clock[0], 0..<60 ~= clock[1], 0...60 ~= clock[2] else { return nil }
        return days(year, month + 1, day) * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
    }

    /// Days from 1970-01-01 on, in years that begin in March, so that the day that comes every fourth year is the last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }
}
