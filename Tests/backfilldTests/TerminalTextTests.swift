import Testing

@testable import backfilld

/// What rows have in them is shown, and neither obeyed by the terminal nor by a shell that it is copied into.
@Suite struct TerminalTextTests {
    @Test("Escape sequences are shown; lines stay lines where they are the text's own")
    func terminal() {
        #expect(terminalText("one\n\u{1B}]0;title\u{7}two") == "one\n\\u{1B}]0;title\\u{07}two")
        #expect(terminalText(["a\nb", "c"]) == "a\\nb\nc")
    }

    @Test(
        "A key is one argument of a shell",
        arguments: [
            ("12", "12"), ("a.b:c/d@e", "a.b:c/d@e"), ("", "''"), ("two words", "'two words'"),
            ("$(reboot)", "'$(reboot)'"), ("it's", #"'it'\''s'"#), ("-5", "-- -5"), ("ö", "'ö'"), ("~", "'~'"),
            ("\u{1B}[2J'\\", #"$'\x1b[2J\x27\x5c'"#), ("\u{202E}", #"$'\xe2\x80\xae'"#),
        ])
    func shell(_ key: String, _ argument: String) {
        #expect(shellArgument(key) == argument)
    }
}
