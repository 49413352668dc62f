import Glibc
import Logging
import Testing

@testable import Systemd

struct LogFormatTests {
    @Test func autoSuitsStandardError() {
        #expect(LogFormat.auto.resolved(journal: true, terminal: false) == .journal)
        #expect(LogFormat.auto.resolved(journal: false, terminal: true) == .terminal)
        #expect(LogFormat.auto.resolved(journal: false, terminal: false) == .plain)
    }

    @Test(arguments: [LogFormat.journal, .terminal, .plain])
    func aChosenFormatStays(_ format: LogFormat) {
        #expect(format.resolved(journal: true, terminal: true) == format)
        #expect(LogFormat(rawValue: format.rawValue) == format)
    }

    @Test func theJournalStreamIsKnownByDeviceAndInode() {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        var status = stat()
        fstat(ends[1], &status)
        #expect(isJournalStream("\(status.st_dev):\(status.st_ino)", descriptor: ends[1]))
        #expect(!isJournalStream("\(status.st_dev):\(status.st_ino + 1)", descriptor: ends[1]))
        #expect(!isJournalStream("nonsense", descriptor: ends[1]))
        #expect(!isJournalStream(nil, descriptor: ends[1]))
        #expect(!isJournalStream("\(status.st_dev):\(status.st_ino)", descriptor: -1))
    }
}

struct ServiceLogHandlerTests {
    let log = RecordedLog()

    @Test func metadataOfEventLoggerAndTaskIsMergedAndFlat() {
        let provider = Logger.MetadataProvider { ["task": "provided", "table": "provided"] }
        var logger = Logger(label: "backfilld.pipeline") { [log] in
            ServiceLogHandler(label: $0, output: log, threshold: LogThreshold(), metadataProvider: provider)
        }
        logger[metadataKey: "table"] = "logger"
        logger[metadataKey: "own"] = "logger"
        logger.info("done", metadata: ["task": "event", "ids": ["1", "2"], "http": ["status": "\(200)"]])
        let entry = log.entries.first
        #expect(entry?.label == "backfilld.pipeline")
        #expect(entry?.file.hasSuffix("LogFormatTests.swift") == true)
        #expect(
            entry?.fields == [
                .init("http.status", "200"), .init("ids", "1"), .init("ids", "2"), .init("own", "logger"),
                .init("table", "provided"), .init("task", "event"),
            ])
    }

    @Test func anErrorIsShownByItsDescription() {
        log.logger.error("failed", error: SystemFailure(code: ECONNREFUSED))
        #expect(
            log.entries.first?.fields == [
                .init("error", "Connection refused"), .init("errorType", "SystemdTests.SystemFailure"),
            ])
    }

    @Test func theThresholdChangesForAllLoggersButThoseWithALevelOfTheirOwn() {
        let threshold = LogThreshold(.warning)
        let make = { [log] (label: String) -> any LogHandler in
            ServiceLogHandler(label: label, output: log, threshold: threshold)
        }
        let logger = Logger(label: "one", factory: make)
        var chatty = Logger(label: "two", factory: make)
        chatty.logLevel = .trace
        logger.info("not shown")
        chatty.trace("shown")
        threshold.level = .debug
        logger.debug("shown too")
        #expect(log.entries.map(\.message) == ["shown", "shown too"])
    }
}
