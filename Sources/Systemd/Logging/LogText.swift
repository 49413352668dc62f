import Glibc
import Logging

/// A moment of the wall clock, as log lines show it.
struct WallTime: Sendable {
    var seconds: Int
    var milliseconds: Int

    static func now() -> WallTime {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return WallTime(seconds: now.tv_sec, milliseconds: now.tv_nsec / 1_000_000)
    }

    /// `2026-03-01T14:02:11.042Z`
    var iso8601: String {
        var (seconds, parts) = (time_t(seconds), tm())
        gmtime_r(&seconds, &parts)
        let (year, month) = (padded(Int(parts.tm_year) + 1900, 4), padded(Int(parts.tm_mon) + 1))
        let date = "\(year)-\(month)-\(padded(Int(parts.tm_mday)))"
        return "\(date)T\(Self.clock(parts)).\(padded(milliseconds, 3))Z"
    }

    /// `14:02:11` in the local time zone.
    var localClock: String {
        var (seconds, parts) = (time_t(seconds), tm())
        localtime_r(&seconds, &parts)
        return Self.clock(parts)
    }

    private static func clock(_ parts: tm) -> String {
        "\(padded(Int(parts.tm_hour))):\(padded(Int(parts.tm_min))):\(padded(Int(parts.tm_sec)))"
    }
}

private func padded(_ number: Int, _ width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

extension Logger.Level {
    /// Five letters at most, so that messages stand below each other.
    var shortWord: String {
        switch self {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info: "INFO"
        case .notice: "NOTE"
        case .warning: "WARN"
        case .error: "ERROR"
        case .critical: "CRIT"
        }
    }

    /// The priority of syslog(3), which is the journal's too.
    var priority: Int32 {
        switch self {
        case .trace, .debug: LOG_DEBUG
        case .info: LOG_INFO
        case .notice: LOG_NOTICE
        case .warning: LOG_WARNING
        case .error: LOG_ERR
        case .critical: LOG_CRIT
        }
    }
}

/// Text that can neither end its line nor drive a terminal: control and format characters (escape sequences, the
/// invisible ones that turn the direction of writing) and what breaks lines are shown as Swift would write them.
package func escaped(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: \.isDangerous) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
        if scalar.isDangerous { result += scalar.escaped(asASCII: true) } else { result.unicodeScalars.append(scalar) }
    }
    return result
}

/// A value that is seen to end where it ends: in quotes when it is empty or has spaces, quotes or `=` in it.
func quoted(_ value: String) -> String {
    let needsQuotes = value.isEmpty || value.unicodeScalars.contains { $0 == " " || $0 == "\"" || $0 == "=" }
    guard needsQuotes else { return escaped(value) }
    var result = "\""
    for scalar in value.unicodeScalars {
        if scalar == "\"" || scalar == "\\" { result += "\\" }
        result.unicodeScalars.append(scalar)
    }
    return escaped(result) + "\""
}

extension LogEntry {
    /// `key=value` for each field that a reader of lines can use; what kind of event it is the message says already.
    var pairs: [String] {
        fields.filter { $0.key != Self.messageID && $0.key != Self.event }.map {
            "\(escaped($0.key))=\(quoted($0.value))"
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isDangerous: Bool {
        switch properties.generalCategory {
        // The two joiners are what some scripts and emoji are written with, and harmless.
        case .format: value != 0x200c && value != 0x200d
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
