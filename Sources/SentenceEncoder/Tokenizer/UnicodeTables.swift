/// What the reference's libraries know about code points, unpacked from `UnicodeData` for look-ups in constant time.
final class UnicodeTables: Sendable {
    /// What is known about one code point.
    struct Bits: OptionSet, Sendable {
        let rawValue: UInt8

        /// Dropped by the cleaning of text: the categories Cc, Cf, Co as an old Unicode has them, NUL, U+FFFD.
        static let control = Bits(rawValue: 1 << 0)
        /// The property White_Space.
        static let space = Bits(rawValue: 1 << 1)
        /// The categories P*, and all of ASCII that is neither letter, digit, space nor control character.
        static let punctuation = Bits(rawValue: 1 << 2)
        /// The category Mn, which is what stripping accents takes away.
        static let nonspacing = Bits(rawValue: 1 << 3)
        /// The categories M*, which is what the normaliser `StripAccents` takes away.
        static let mark = Bits(rawValue: 1 << 4)
        /// Canonical decomposition does something to it: takes it apart, or sorts it among its neighbours.
        static let decomposes = Bits(rawValue: 1 << 5)
        /// Has another lower-case form.
        static let lowers = Bits(rawValue: 1 << 6)
        /// A word character of regular expressions.
        static let word = Bits(rawValue: 1 << 7)
    }

    /// Unpacked at first use, by whichever tokenizer is loaded first.
    static let shared = UnicodeTables()

    private let bits: PagedTable<UInt8>
    private let combiningClasses: PagedTable<UInt8>
    /// Where in `sequences` a code point's decomposition begins; 0 if it has none.
    private let decompositions: PagedTable<UInt16>
    /// Distance to the lower-case form modulo 2^32; 0 if there is none.
    private let lowercaseDistances: PagedTable<UInt32>
    private let lowercaseSequences: [[UInt32]]
    /// Each one a count and that many code points.
    private let sequences: [UInt32]
    private let chinese: [ClosedRange<UInt32>]

    private init() {
        var runs: [(first: UInt32, value: UInt32)] = []
        HexadecimalRows.forEach(in: UnicodeData.bits) { runs.append(($0[0], $0[1])) }
        var bits = PagedTable<UInt8>.Builder()
        for (index, run) in runs.enumerated() {
            let end = index + 1 < runs.count ? runs[index + 1].first : 0x110000
            bits.set(run.first...end - 1, to: UInt8(run.value))
        }
        self.bits = bits.table()

        var classes = PagedTable<UInt8>.Builder()
        HexadecimalRows.forEach(in: UnicodeData.combiningClasses) { classes.set($0[0]...$0[1], to: UInt8($0[2])) }
        combiningClasses = classes.table()

        var sequences: [UInt32] = [0]
        var decompositions = PagedTable<UInt16>.Builder()
        HexadecimalRows.forEach(in: UnicodeData.decompositions) { row in
            decompositions.set(row[0]...row[0], to: UInt16(sequences.count))
            sequences.append(UInt32(row.count - 1))
            sequences.append(contentsOf: row.dropFirst())
        }
        self.sequences = sequences
        self.decompositions = decompositions.table()

        var distances = PagedTable<UInt32>.Builder()
        HexadecimalRows.forEach(in: UnicodeData.lowercaseRuns) { row in
            for point in stride(from: row[0], through: row[1], by: Int(row[2])) {
                distances.set(point...point, to: row[3])
            }
        }
        lowercaseDistances = distances.table()

        var several: [[UInt32]] = []
        HexadecimalRows.forEach(in: UnicodeData.lowercaseSequences) { several.append($0) }
        lowercaseSequences = several

        var chinese: [ClosedRange<UInt32>] = []
        HexadecimalRows.forEach(in: UnicodeData.chinese) { chinese.append($0[0]...$0[1]) }
        self.chinese = chinese
    }

    /// What is known about a code point.
    @inline(__always)
    func bits(of point: UInt32) -> Bits { Bits(rawValue: bits[point]) }

    /// The canonical combining class.
    func combiningClass(of point: UInt32) -> UInt8 { combiningClasses[point] }

    /// Whether the reference puts spaces around it as a Chinese character.
    @inline(__always)
    func isChinese(_ point: UInt32) -> Bool {
        point >= 0x3400 && chinese.contains { $0.contains(point) }
    }

    /// Hands over the full canonical decomposition; the code point itself if it has none.
    func decompose(_ point: UInt32, each: (UInt32) -> Void) {
        // Hangul syllables, by the arithmetic of the Unicode standard, section 3.12.
        if 0xac00..<0xd7a4 ~= point {
            let index = point - 0xac00
            each(0x1100 + index / 588)
            each(0x1161 + index % 588 / 28)
            if index % 28 > 0 { each(0x11a7 + index % 28) }
            return
        }
        let start = Int(decompositions[point])
        guard start > 0 else { return each(point) }
        for index in start + 1...start + Int(sequences[start]) { each(sequences[index]) }
    }

    /// Hands over the lower-case form, which knows nothing of neighbours: a final sigma is not told apart.
    func lower(_ point: UInt32, each: (UInt32) -> Void) {
        let distance = lowercaseDistances[point]
        if distance != 0 { return each(point &+ distance) }
        guard let several = lowercaseSequences.first(where: { $0[0] == point }) else { return each(point) }
        several.dropFirst().forEach(each)
    }
}
