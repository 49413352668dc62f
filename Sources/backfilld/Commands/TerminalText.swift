import Systemd

/// Lines that a terminal may be given, whatever the database had put into them.
func terminalText(_ lines: [String]) -> String {
    lines.map(escaped).joined(separator: "\n")
}

/// The same of a text that has lines of its own.
func terminalText(_ text: String) -> String {
    terminalText(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
}

/// A key as an argument at the end of a command that is shown to be copied into a shell.
func shellArgument(_ key: String) -> String {
    // What looks like an option has to be said to be none.
    (key.hasPrefix("-") ? "-- " : "") + shellWord(key)
}

private func shellWord(_ text: String) -> String {
    let isPlain = text.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
            || "-_.:/@%+,".unicodeScalars.contains(scalar)
    }
    if isPlain, !text.isEmpty { return text }
    guard escaped(text) != text else { return "'" + text.split("'").joined(separator: "'\\''") + "'" }
    // Of what a terminal would obey, the bytes: for bash, zsh and ksh.
    let bytes = text.utf8.map { byte in
        let scalar = Unicode.Scalar(byte)
        guard byte < 0x20 || byte >= 0x7f || byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\") else {
            return String(scalar)
        }
        return "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return "$'" + bytes.joined() + "'"
}

extension String {
    fileprivate func split(_ separator: Character) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false)
    }
}
