/// One pass of normalisation: what it does, always in the order of the members below.
///
/// `BertNormalizer` is any of the first four and lower-casing; `Lowercase`, `NFD` and `StripAccents` are one member each.
struct Normalization: OptionSet, Sendable {
    let rawValue: UInt8

    /// Drops control characters and makes every white space a space.
    static let clean = Normalization(rawValue: 1 << 0)
    /// Puts spaces around Chinese characters.
    static let spaceChinese = Normalization(rawValue: 1 << 1)
    /// Canonical decomposition (NFD).
    static let decompose = Normalization(rawValue: 1 << 2)
    /// Drops nonspacing marks (Mn).
    static let dropNonspacing = Normalization(rawValue: 1 << 3)
    /// Drops all marks (M*).
    static let dropMarks = Normalization(rawValue: 1 << 4)
    /// Lower case, one code point at a time.
    static let lowercase = Normalization(rawValue: 1 << 5)

    /// The options of a `BertNormalizer`; `stripAccents` nil follows `lowercase`.
    static func bert(clean: Bool, spaceChinese: Bool, stripAccents: Bool?, lowercase: Bool) -> Normalization {
        var result: Normalization = []
        if clean { result.insert(.clean) }
        if spaceChinese { result.insert(.spaceChinese) }
        if stripAccents ?? lowercase { result.formUnion([.decompose, .dropNonspacing]) }
        if lowercase { result.insert(.lowercase) }
        return result
    }
}

/// Takes the code points of normalised text.
protocol ScalarSink {
    mutating func receive(_ point: UInt32)
}

/// Normalises a stream of code points. It holds back only marks that canonical ordering may still move.
struct ScalarNormalizer {
    private struct Mark {
        let point: UInt32
        let combiningClass: UInt8
    }

    let normalization: Normalization
    let unicode: UnicodeTables
    private let dropped: UnicodeTables.Bits
    private var marks: [Mark] = []

    init(_ normalization: Normalization, _ unicode: UnicodeTables) {
        self.normalization = normalization
        self.unicode = unicode
        var dropped: UnicodeTables.Bits = []
        if normalization.contains(.dropNonspacing) { dropped.insert(.nonspacing) }
        if normalization.contains(.dropMarks) { dropped.insert(.mark) }
        self.dropped = dropped
    }

    /// Whether `finish` has something to hand over: it must be called before a starter that does not pass through here.
    var holdsMarks: Bool { !marks.isEmpty }

    /// Takes the next code point of the text.
    mutating func take(_ point: UInt32, into sink: inout some ScalarSink) {
        var point = point
        var bits = unicode.bits(of: point)
        if normalization.contains(.clean) {
            if bits.contains(.control) { return }
            if bits.contains(.space) {
                point = 0x20
                bits = .space
            }
        }
        guard normalization.contains(.spaceChinese), unicode.isChinese(point) else {
            return decompose(point, bits, into: &sink)
        }
        finish(into: &sink)
        sink.receive(0x20)
        decompose(point, bits, into: &sink)
        sink.receive(0x20)
    }

    /// Hands over what is held back.
    mutating func finish(into sink: inout some ScalarSink) {
        guard !marks.isEmpty else { return }
        if marks.count > 1 { sortMarks() }
        for mark in marks { hand(mark.point, unicode.bits(of: mark.point), to: &sink) }
        marks.removeAll(keepingCapacity: true)
    }

    private mutating func decompose(_ point: UInt32, _ bits: UnicodeTables.Bits, into sink: inout some ScalarSink) {
        guard normalization.contains(.decompose), bits.contains(.decomposes) else {
            finish(into: &sink)
            return hand(point, bits, to: &sink)
        }
        unicode.decompose(point) { part in
            let bits = unicode.bits(of: part)
            let combiningClass = unicode.combiningClass(of: part)
            if combiningClass == 0 {
                finish(into: &sink)
                hand(part, bits, to: &sink)
            } else if bits.isDisjoint(with: dropped) {
                // A mark that goes anyway need not be sorted: the order of the others is the same without it.
                marks.append(Mark(point: part, combiningClass: combiningClass))
            }
        }
    }

    /// Sorts by class and keeps the order within a class; linear, however many marks a text heaps up.
    private mutating func sortMarks() {
        var starts = [Int](repeating: 0, count: 257)
        for mark in marks { starts[Int(mark.combiningClass) + 1] += 1 }
        for index in 1...256 { starts[index] += starts[index - 1] }
        var sorted = marks
        for mark in marks {
            sorted[starts[Int(mark.combiningClass)]] = mark
            starts[Int(mark.combiningClass)] += 1
        }
        marks = sorted
    }

    private func hand(_ point: UInt32, _ bits: UnicodeTables.Bits, to sink: inout some ScalarSink) {
        if !bits.isDisjoint(with: dropped) { return }
        guard normalization.contains(.lowercase), bits.contains(.lowers) else { return sink.receive(point) }
        unicode.lower(point) { sink.receive($0) }
    }
}
