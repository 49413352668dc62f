import Glibc
import Logging
import Testing

@testable import Systemd

struct LogTextTests {
    @Test(arguments: [
        ("plain text, ü and €", "plain text, ü and €"),
        ("two\nlines", "two\\nlines"),
        ("\u{1b}[31mred\u{1b}[0m", "\\u{1B}[31mred\\u{1B}[0m"),
        ("bell\u{7} tab\t nul\u{0}", "bell\\u{07} tab\\t nul\\0"),
        ("C1 \u{9b}31m and DEL \u{7f}", "C1 \\u{009B}31m and DEL \\u{7F}"),
        ("right to left \u{202e}txt", "right to left \\u{202E}txt"),
        ("line\u{2028}separator", "line\\u{2028}separator"),
        ("👩‍🔧 joined", "👩‍🔧 joined"),
        ("back\\slash", "back\\slash"),
    ])
    func controlCharactersAreShown(_ text: String, _ shown: String) {
        #expect(escaped(text) == shown)
    }

    @Test(arguments: [
        ("public.music_knowledge", "public.music_knowledge"),
        ("", "\"\""),
        ("two words", "\"two words\""),
        ("a=b", "\"a=b\""),
        ("say \"no\" \\", "\"say \\\"no\\\" \\\\\""),
        ("a b\n", "\"a b\\n\""),
    ])
    func valuesAreQuotedWhereTheirEndIsUnclear(_ value: String, _ shown: String) {
        #expect(quoted(value) == shown)
    }

    @Test func everyLevelHasAPriorityAndAShortWord() {
        let levels = Logger.Level.allCases
        #expect(levels.map(\.priority) == [7, 7, 6, 5, 4, 3, 2])
        #expect(levels.map(\.shortWord) == ["TRACE", "DEBUG", "INFO", "NOTE", "WARN", "ERROR", "CRIT"])
    }

    @Test func timeIsISO8601InUTC() {
        #expect(WallTime(seconds: 0, milliseconds: 7).iso8601 == "1970-01-01T00:00:00.007Z")
        #expect(WallTime(seconds: 1_772_373_731, milliseconds: 42).iso8601 == "2026-03-01T14:02:11.042Z")
    }

    @Test(arguments: [
        (Duration.milliseconds(180), "180 ms"), (.seconds(1), "1 s"), (.seconds(2.54), "2.5 s"),
        (.seconds(41.7), "41 s"),
    ])
    func durationsAreSpoken(_ duration: Duration, _ text: String) {
        #expect(duration.spoken == text)
    }
}

struct LineOutputTests {
    let time = WallTime(seconds: 1_772_373_731, milliseconds: 42)
    let entry = LogEntry(
        .info, "embedded 50 rows",
        [.init("messageID", "x"), .init("ms", "38"), .init("table", "public.music knowledge")])

    @Test func plainLinesBeginWithTimeAndLevel() {
        let line = PlainOutput(stamp: .time).line(entry, at: time)
        #expect(line == #"2026-03-01T14:02:11.042Z INFO embedded 50 rows ms=38 table="public.music knowledge""#)
    }

    @Test func underTheJournalPlainLinesBeginWithTheirPriority() {
        let line = PlainOutput(stamp: .priority).line(entry, at: time)
        #expect(line == #"<6>embedded 50 rows ms=38 table="public.music knowledge""#)
    }

    @Test func terminalLinesWithoutColours() {
        let line = TerminalOutput(colours: false).line(entry, at: time)
        #expect(line == #"\#(time.localClock) INFO  embedded 50 rows  ms=38 table="public.music knowledge""#)
        #expect(
            TerminalOutput(colours: false).line(LogEntry(.error, "no"), at: time) == "\(time.localClock) ERROR no")
    }

    @Test func terminalLinesWithColours() {
        let line = TerminalOutput(colours: true).line(LogEntry(.warning, "slow", [.init("ms", "9")]), at: time)
        let escape = "\u{1b}"
        #expect(
            line == "\(escape)[2m\(time.localClock)\(escape)[0m \(escape)[33mWARN\(escape)[0m  slow  "
                + "\(escape)[2mms=9\(escape)[0m")
    }

    @Test func nothingInAnEntryDrivesTheTerminal() {
        let hostile = LogEntry(.error, "bad\u{1b}]0;title\u{7}", [.init("k\u{1b}", "v\r\n\u{9b}2J")])
        for line in [
            TerminalOutput(colours: false).line(hostile, at: time), PlainOutput(stamp: .time).line(hostile, at: time),
        ] {
            #expect(line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
        }
    }

    @Test func anEntryIsOneLineOnTheDescriptor() throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        PlainOutput(stamp: .priority, descriptor: ends[1]).write(LogEntry(.critical, "a\nb"))
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = read(ends[0], &bytes, bytes.count)
        #expect(String(decoding: bytes.prefix(count), as: UTF8.self) == "<2>a\\nb\n")
    }
}
