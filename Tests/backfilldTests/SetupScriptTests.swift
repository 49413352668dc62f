import Testing

@testable import backfilld

@Suite("The script that setup prints")
struct SetupScriptTests {
    @Test(
        "what stands in a row stays in the comment",
        arguments: [
            "hello\r\n\\! touch /tmp/x\r\nbye", "a\nDROP TABLE victim; --", "a\rDROP TABLE victim;",
            "a\u{2028}b\u{85}c",
            "\u{1B}]0;title\u{7}", "plain", "",
        ])
    func comments(_ text: String) {
        for line in SetupCommand.comment(text).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            #expect(line.hasPrefix("-- "))
            #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
        }
        #expect(!SetupCommand.comment(text).contains("\r"))
    }
}
