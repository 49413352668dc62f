import Glibc
import Testing

@testable import Systemd

struct JournalFieldsTests {
    @Test(arguments: [
        ("table", "TABLE"), ("batchRows", "BATCH_ROWS"), ("httpStatus", "HTTP_STATUS"), ("HTTPStatus", "HTTP_STATUS"),
        ("retry-after", "RETRY_AFTER"), ("error.type", "ERROR_TYPE"), ("p95Ms", "P95_MS"), ("ms", "MS"),
        ("tableOID", "TABLE_OID"), ("_hidden", "HIDDEN"), ("a  b", "A_B"), ("größe", "GR_E"), ("x\n=y", "X_Y"),
        ("UPPER_SNAKE", "UPPER_SNAKE"), ("", ""), ("€", ""),
    ])
    func keysBecomeJournalNames(_ key: String, _ name: String) {
        #expect(journalName(key) == name)
    }

    @Test func fieldNamesKeepTheRulesOfTheJournal() {
        #expect(fieldName("rows", prefix: "BACKFILLD") == "BACKFILLD_ROWS")
        #expect(fieldName("9lives", prefix: "BACKFILLD") == "BACKFILLD_9LIVES")
        #expect(fieldName("€", prefix: "BACKFILLD") == "BACKFILLD_UNNAMED")
        #expect(fieldName(String(repeating: "long", count: 40), prefix: "BACKFILLD").utf8.count == 64)
    }

    @Test func anEntryCarriesMessagePriorityPlaceAndMetadata() {
        let entry = LogEntry(.warning, "slow", [.init("batchRows", "50"), .init("table", "public.t")])
        #expect(
            journalFields(entry, identifier: "backfilld") == [
                JournalField("MESSAGE", "slow"),
                JournalField("PRIORITY", "4"),
                JournalField("SYSLOG_IDENTIFIER", "backfilld"),
                JournalField("CODE_FILE", "Backfill/Claim.swift"),
                JournalField("CODE_LINE", "42"),
                JournalField("CODE_FUNC", "claim(_:)"),
                JournalField("BACKFILLD_LOGGER", "backfilld.test"),
                JournalField("BACKFILLD_BATCH_ROWS", "50"),
                JournalField("BACKFILLD_TABLE", "public.t"),
            ])
    }

    @Test(arguments: ["0123456789abcdef0123456789abcdef", "01234567-89AB-CDEF-0123-456789ABCDEF"])
    func aMessageIDIsTheJournalsOwn(_ id: String) {
        let fields = journalFields(LogEntry(.info, "m", [.init("messageID", id)]), identifier: "backfilld")
        #expect(fields.last == JournalField("MESSAGE_ID", "0123456789abcdef0123456789abcdef"))
    }

    @Test func whatIsNoMessageIDDoesNotPassForOne() {
        let fields = journalFields(LogEntry(.info, "m", [.init("messageID", "started")]), identifier: "backfilld")
        #expect(fields.last == JournalField("BACKFILLD_MESSAGE_ID", "started"))
    }

    @Test func aValueWithNewlinesGoesWithItsLength() {
        let datagram = journalDatagram([JournalField("MESSAGE", "one\ntwo"), JournalField("PRIORITY", "6")])
        let expected = Array("MESSAGE\n".utf8) + [7, 0, 0, 0, 0, 0, 0, 0] + Array("one\ntwo\nPRIORITY=6\n".utf8)
        #expect(datagram == expected)
    }

    @Test func aValueCannotAddAField() {
        let datagram = journalDatagram([JournalField("MESSAGE", "x\nPRIORITY=0\n_UID=0")])
        #expect(datagram.starts(with: Array("MESSAGE\n".utf8) + [19, 0, 0, 0, 0, 0, 0, 0]))
    }
}

struct JournalOutputTests {
    let journal: DatagramReceiver
    let output: JournalOutput

    init() throws {
        journal = try DatagramReceiver()
        output = JournalOutput(socket: try #require(JournalSocket(path: journal.path)), identifier: "backfilld")
    }

    @Test func anEntryIsOneDatagram() throws {
        let entry = LogEntry(.notice, "two\nlines", [.init("table", "t")])
        output.write(entry)
        #expect(try journal.next() == journalDatagram(journalFields(entry, identifier: "backfilld")))
        #expect(journal.isEmpty)
    }

    @Test func aJournalThatReadsNothingStopsNobodyAndHearsOfTheLoss() throws {
        // Far more than any queue takes (net.unix.max_dgram_qlen); each call returns all the same.
        let written = 3000
        for number in 0..<written { output.write(LogEntry(.info, "entry \(number)")) }
        var arrived = 0
        while !journal.isEmpty {
            #expect(try journal.nextText().hasPrefix("MESSAGE=entry \(arrived)\n"))
            arrived += 1
        }
        #expect(arrived < written)
        output.write(LogEntry(.info, "after"))
        let loss = try journal.nextText()
        #expect(loss.hasPrefix("MESSAGE=\(written - arrived) log entries were lost: "))
        #expect(loss.contains("BACKFILLD_LOST_ENTRIES=\(written - arrived)\n"))
        #expect(try journal.nextText().hasPrefix("MESSAGE=after\n"))
        output.write(LogEntry(.info, "and on"))
        #expect(try journal.nextText().hasPrefix("MESSAGE=and on\n"))
    }

    @Test func anEntryTooLargeForTheSocketArrivesCut() throws {
        let small = try #require(JournalSocket(path: journal.path, room: 64 << 10))
        let value = String(repeating: "x", count: 1 << 20)
        JournalOutput(socket: small, identifier: "backfilld").write(LogEntry(.info, "large", [.init("value", value)]))
        let text = try journal.nextText()
        #expect(text.hasPrefix("MESSAGE=large\n"))
        #expect(text.hasSuffix("x…\n"))
    }

    @Test func aJournalThatIsGoneIsFoundWhenItIsBackAndHearsOfTheLoss() throws {
        rename(journal.path, journal.path + ".away")
        for _ in 0..<2 { output.write(LogEntry(.info, "nobody hears this")) }
        rename(journal.path + ".away", journal.path)
        output.write(LogEntry(.info, "back"))
        #expect(try journal.nextText().hasPrefix("MESSAGE=2 log entries were lost: No such file or directory"))
        #expect(try journal.nextText().hasPrefix("MESSAGE=back\n"))
    }

    @Test func thereIsNoSocketWhereNobodyListens() {
        #expect(JournalSocket(path: "/nonexistent/socket") == nil)
        #expect(JournalSocket(path: "/\(String(repeating: "long", count: 50))") == nil)
    }
}
