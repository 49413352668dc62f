import Glibc

extension AnswerReader {
    /// Steps over a string and tells where its bytes are, escapes and all.
    mutating func string() throws(AnswerProblem) -> Range<Int> {
        let start = at + 1
        at = start
        while at < bytes.count {
            let byte = bytes[at]
            if byte == Byte.quote {
                at += 1
                return start..<at - 1
            }
            guard byte >= 0x20 else { throw problem("a control character is in a string") }
            at += 1
            if byte == Byte.backslash { try escape() }
        }
        throw problem("it ends in the middle of a string")
    }

    private mutating func escape() throws(AnswerProblem) {
        guard let kind = current else { throw problem("it ends in the middle of a string") }
        at += 1
        switch kind {
        case Byte.quote, Byte.backslash, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74: return
        case 0x75:
            for _ in 0..<4 {
                switch current {
                case .some(0x30...0x39), .some(0x41...0x46), .some(0x61...0x66): at += 1
                default: throw problem("an escape in a string is wrong")
                }
            }
        default: throw problem("an escape in a string is wrong")
        }
    }

    /// Reads a short name, as one is where it is written without escapes; steps over whatever else is there.
    mutating func word() throws(AnswerProblem) -> String? {
        guard current == Byte.quote else {
            try skip()
            return nil
        }
        let range = try string()
        let isWord = 1...200 ~= range.count && !bytes[range].contains(Byte.backslash)
        return isWord ? String(decoding: bytes[range], as: UTF8.self) : nil
    }

    /// Steps over any value.
    mutating func skip() throws(AnswerProblem) {
        switch current {
        case Byte.quote: _ = try string()
        case Byte.openBrace: try object("a value") { reader, _ throws(AnswerProblem) in try reader.skip() }
        case Byte.openBracket: try array("a value") { reader throws(AnswerProblem) in try reader.skip() }
        case .some(Byte.minus), .some(0x30...0x39): _ = try number()
        case .some(0x74): try literal("true")
        case .some(0x66): try literal("false")
        case .some(0x6e): try literal("null")
        case nil: throw problem("it ends too early")
        default: throw problem("something is no value")
        }
    }

    private mutating func literal(_ word: StaticString) throws(AnswerProblem) {
        let end = at + word.utf8CodeUnitCount
        guard end <= bytes.count, word.withUTF8Buffer({ bytes[at..<end].elementsEqual($0) }) else {
            throw problem("something is no value")
        }
        at = end
    }

    /// A number that is to be counted with: nil where it is `null` or not whole.
    mutating func integer() throws(AnswerProblem) -> Int? {
        let start = at
        guard let first = current, first == Byte.minus || first &- Byte.zero < 10 else {
            try skip()
            return nil
        }
        _ = try number()
        return at - start < 19 ? Int(String(decoding: bytes[start..<at], as: UTF8.self)) : nil
    }

    private mutating func number() throws(AnswerProblem) -> Float {
        var place = at
        let scanned = bytes.withUnsafeBufferPointer { FloatText.scan($0, at: &place) }
        guard let scanned else { throw problem("a number is written wrongly") }
        at = place
        return scanned
    }

    /// An array of numbers; nil where one of them is `null`, `NaN` or `Infinity`, as servers write what is none.
    mutating func floats(most: Int, count: Int?) throws(AnswerProblem) -> [Float]? {
        let start = at
        var floats: [Float] = []
        floats.reserveCapacity(min(most, count ?? 1024))
        var place = at
        let end = bytes.withUnsafeBufferPointer { FloatText.scanArray($0, at: &place, most: most, into: &floats) }
        at = place
        switch end {
        case .closed: return floats
        case .tooMany: throw problem("a vector has more than \(most) components")
        case .noNumber:
            guard steps(overWordsFrom: start) else { throw problem("a component of a vector is no number") }
            return nil
        case .noComma: throw problem("',' is missing in a vector")
        case .cut: throw problem("it ends in the middle of a vector")
        }
    }

    /// Steps over an array of numbers and of words for what is none, if it is one.
    private mutating func steps(overWordsFrom start: Int) -> Bool {
        at = start + 1
        while true {
            skipSpace()
            guard (try? component()) != nil else { return false }
            skipSpace()
            switch current {
            case Byte.comma: at += 1
            case Byte.closeBracket:
                at += 1
                return true
            default: return false
            }
        }
    }

    private mutating func component() throws(AnswerProblem) {
        let isNegative = current == Byte.minus && at + 1 < bytes.count && bytes[at + 1] == 0x49
        if isNegative { at += 1 }
        switch current {
        case Byte.letterN: try literal("null")
        case 0x4e: try literal("NaN")
        case 0x49: try literal("Infinity")
        default: _ = try number()
        }
    }

    /// A string of floats in base64.
    mutating func base64Floats() throws(AnswerProblem) -> [Float] {
        let range = try base64Range()
        let floats = bytes.withUnsafeBufferPointer { Base64Floats.decode(UnsafeBufferPointer(rebasing: $0[range])) }
        if let floats { return floats }
        // Some writers of JSON escape the slash, which is a digit of base64.
        let plain = range.compactMap { place in
            bytes[place] == Byte.backslash && bytes[place + 1] == 0x2f ? nil : bytes[place]
        }
        guard plain.count < range.count, let floats = plain.withUnsafeBufferPointer(Base64Floats.decode) else {
            throw AnswerProblem("a vector is a string that is no floats in base64", concernsEncoding: true)
        }
        return floats
    }

    /// The bytes of a string that is expected to have no escapes: looked for with the C library, which is faster.
    private mutating func base64Range() throws(AnswerProblem) -> Range<Int> {
        let start = at + 1
        let length = bytes.withUnsafeBytes { bytes -> Int? in
            guard start < bytes.count, let base = bytes.baseAddress else { return nil }
            return memchr(base + start, Int32(Byte.quote), bytes.count - start).map {
                UnsafeRawPointer($0) - (base + start)
            }
        }
        guard let length else { throw problem("it ends in the middle of a string") }
        let end = start + length
        // Anything but digits of base64 in between is found out when they are read; a quotation mark behind a backslash
        // leaves what follows it no JSON.
        at = end + 1
        return start..<end
    }
}
