import Logging

/// One field of a journal entry. Values are bytes: the journal does not ask for text.
struct JournalField: Equatable {
    var name: String
    var value: [UInt8]

    init(_ name: String, _ value: String) {
        self.name = name
        self.value = Array(value.utf8)
    }
}

/// What a log entry is in the journal: systemd.journal-fields(7).
func journalFields(_ entry: LogEntry, identifier: String) -> [JournalField] {
    let prefix = journalName(identifier)
    var fields = [
        JournalField("MESSAGE", entry.message),
        JournalField("PRIORITY", "\(entry.level.priority)"),
        JournalField("SYSLOG_IDENTIFIER", identifier),
        JournalField("CODE_FILE", entry.file),
        JournalField("CODE_LINE", "\(entry.line)"),
        JournalField("CODE_FUNC", entry.function),
        JournalField("\(prefix)_LOGGER", entry.label),
    ]
    for field in entry.fields {
        if field.key == LogEntry.messageID, let id = messageID(field.value) {
            fields.append(JournalField("MESSAGE_ID", id))
        } else {
            fields.append(JournalField(fieldName(field.key, prefix: prefix), field.value))
        }
    }
    return fields
}

/// A field's name: capitals, digits and underscores, a letter first, 64 bytes at most; the journal drops any other
/// (sd_journal_print(3)).
func fieldName(_ key: String, prefix: String) -> String {
    let name = journalName(key)
    return String("\(prefix)_\(name.isEmpty ? "UNNAMED" : name)".prefix(64))
}

/// camelCase and whatever else to UPPER_SNAKE: `httpStatus` to `HTTP_STATUS`, `HTTPStatus` too, `retry-after` to
/// `RETRY_AFTER`.
func journalName(_ key: String) -> String {
    let scalars = Array(key.unicodeScalars)
    var name = ""
    for (index, scalar) in scalars.enumerated() {
        guard scalar.isASCII, scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) else {
            if !name.isEmpty && !name.hasSuffix("_") { name += "_" }
            continue
        }
        let afterSmall = index > 0 && scalars[index - 1].isASCIISmallOrDigit
        let endsAcronym =
            index > 0 && scalars[index - 1].properties.isUppercase && index + 1 < scalars.count
            && scalars[index + 1].properties.isLowercase
        if scalar.properties.isUppercase, afterSmall || endsAcronym { name += "_" }
        name += scalar.properties.uppercaseMapping
    }
    while name.hasSuffix("_") { name.removeLast() }
    return name
}

/// 128 bits in hexadecimal, small and without dashes as sd-id128(3) writes them; nil for anything else.
private func messageID(_ value: String) -> String? {
    let digits = value.lowercased().filter { $0 != "-" }
    return digits.utf8.count == 32 && digits.allSatisfy { $0.isASCII && $0.isHexDigit } ? digits : nil
}

/// Fields in the journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): `NAME=value`, or for a value with a
/// newline in it the name, the length as 64 bits little-endian and the bytes.
func journalDatagram(_ fields: [JournalField]) -> [UInt8] {
    var datagram: [UInt8] = []
    for field in fields {
        datagram += field.name.utf8
        if field.value.contains(UInt8(ascii: "\n")) {
            datagram.append(UInt8(ascii: "\n"))
            withUnsafeBytes(of: UInt64(field.value.count).littleEndian) { datagram += $0 }
        } else {
            datagram.append(UInt8(ascii: "="))
        }
        datagram += field.value
        datagram.append(UInt8(ascii: "\n"))
    }
    return datagram
}

extension Unicode.Scalar {
    fileprivate var isASCIISmallOrDigit: Bool { ("a"..."z").contains(self) || ("0"..."9").contains(self) }
}
