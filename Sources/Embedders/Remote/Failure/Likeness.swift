/// Whether a message has a text in it, or a part of one, however it is quoted there.
///
/// Letters and digits alone are compared, without regard to case: between them a quotation may have escapes, other white
/// space or punctuation.
struct Likeness {
    /// The message as it is, its letters, and its letters without what may be an escape.
    private let message: [UInt8]
    private let squeezed: [[UInt8]]
    /// Where eight letters of the message begin, by what they are, in each form.
    private let places: [[UInt64: [Int]]]
    /// Runs of digits in the message, which are enough to be somebody's number.
    private let numbers: [[UInt8]]

    /// A shorter text is in many a message by chance.
    private static let shortestText = 8
    /// So many letters in a row that are also in a text are a quotation of it.
    private static let quotation = 12
    private static let digits = 6

    init(to message: String) {
        self.message = Array(message.utf8)
        let plain = Self.letters(of: self.message)
        let unescaped = Self.letters(of: Self.withoutEscapes(self.message))
        squeezed = plain == unescaped ? [plain] : [plain, unescaped]
        places = squeezed.map(Self.places)
        numbers = self.message.split { !(0x30...0x39 ~= $0) }.filter { $0.count >= Self.digits }.map(Array.init)
    }

    /// Whether it has this text in it, or a part of it; a short one as a word of its own.
    func isLike(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        if Self.find(bytes, in: message, asWord: bytes.count < Self.shortestText) { return true }
        let letters = Self.letters(of: bytes)
        for (form, places) in zip(squeezed, places) where Self.shares(form, places, letters) { return true }
        return numbers.contains { Self.find($0, in: letters) }
    }

    private static func letters(of bytes: [UInt8]) -> [UInt8] {
        bytes.compactMap { byte in
            switch byte {
            case 0x41...0x5a: byte | 0x20
            case 0x30...0x39, 0x61...0x7a, 0x80...: byte
            default: nil
            }
        }
    }

    /// Without `\n`, `\t` and the like, and with what `\u00e9` and `\xc3` stand for.
    private static func withoutEscapes(_ bytes: [UInt8]) -> [UInt8] {
        var plain: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == 0x5c, let kind = rest.popFirst() else {
                plain.append(byte)
                continue
            }
            let length = kind == 0x75 ? 4 : kind == 0x78 ? 2 : 0
            guard length > 0, let text = String(validating: rest.prefix(length), as: UTF8.self),
                let value = UInt32(text, radix: 16)
            else { continue }
            rest = rest.dropFirst(length)
            if length == 2 {
                plain.append(UInt8(value))
            } else if let scalar = Unicode.Scalar(value) {
                plain += Array(String(scalar).utf8)
            }
        }
        return plain
    }

    private static func places(of letters: [UInt8]) -> [UInt64: [Int]] {
        guard letters.count >= 8 else { return [:] }
        var places: [UInt64: [Int]] = [:]
        letters.withUnsafeBytes { letters in
            for place in 0...letters.count - 8 {
                places[letters.loadUnaligned(fromByteOffset: place, as: UInt64.self), default: []].append(place)
            }
        }
        return places
    }

    /// Whether a run of letters is in both, or all of a short text. Eight at a time are looked up, and what is found is
    /// looked at.
    private static func shares(_ message: [UInt8], _ places: [UInt64: [Int]], _ text: [UInt8]) -> Bool {
        let length = min(quotation, text.count)
        guard length >= 8, message.count >= length else { return false }
        return text.withUnsafeBytes { raw in
            (0...text.count - length).contains { start in
                let found = places[raw.loadUnaligned(fromByteOffset: start, as: UInt64.self)] ?? []
                return found.contains { place in
                    place + length <= message.count
                        && message[place..<place + length].elementsEqual(text[start..<start + length])
                }
            }
        }
    }

    private static func find(_ part: [UInt8], in whole: [UInt8], asWord: Bool = false) -> Bool {
        guard let first = part.first, part.count <= whole.count else { return false }
        return whole.indices.dropLast(part.count - 1).contains { place in
            guard whole[place] == first, whole[place...].starts(with: part) else { return false }
            let end = place + part.count
            return !asWord || !(place > 0 && isLetter(whole[place - 1])) && !(end < whole.count && isLetter(whole[end]))
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { !letters(of: [byte]).isEmpty }
}
