/// A value for every code point, in pages of 256 of which equal ones are kept once.
struct PagedTable<Value: FixedWidthInteger & Sendable>: Sendable {
    private let pages: [UInt16]
    private let values: [Value]

    /// The value of a code point (below 0x110000).
    @inline(__always)
    subscript(point: UInt32) -> Value {
        values[Int(pages[Int(point >> 8)]) << 8 | Int(point & 0xff)]
    }

    /// Collects the values; what is never set is 0.
    struct Builder {
        private var pages = [UInt16](repeating: 0, count: 0x1100)
        private var values = [Value](repeating: 0, count: 256)
        /// Pages that have one value throughout, by that value.
        private var uniform: [Value: UInt16] = [0: 0]

        /// Sets the values of a range; later ranges must not begin within a page that was set whole.
        mutating func set(_ points: ClosedRange<UInt32>, to value: Value) {
            var point = points.lowerBound
            while point <= points.upperBound {
                let page = Int(point >> 8)
                let last = min(points.upperBound, point | 0xff)
                if point & 0xff == 0, last & 0xff == 0xff {
                    pages[page] = uniformPage(of: value)
                } else {
                    if pages[page] == 0 { pages[page] = newPage(of: 0) }
                    let start = Int(pages[page]) << 8
                    for index in Int(point & 0xff)...Int(last & 0xff) { values[start + index] = value }
                }
                point = last + 1
            }
        }

        private mutating func uniformPage(of value: Value) -> UInt16 {
            if let page = uniform[value] { return page }
            let page = newPage(of: value)
            uniform[value] = page
            return page
        }

        private mutating func newPage(of value: Value) -> UInt16 {
            values.append(contentsOf: repeatElement(value, count: 256))
            return UInt16(values.count >> 8 - 1)
        }

        /// What was collected.
        func table() -> PagedTable { PagedTable(pages: pages, values: values) }
    }
}

/// Reads the rows of `UnicodeData`.
enum HexadecimalRows {
    /// Hands over one row after the other. The text is ours, so there is nothing to check.
    static func forEach(in text: StaticString, _ body: ([UInt32]) -> Void) {
        text.withUTF8Buffer { bytes in
            var row: [UInt32] = []
            var number: UInt32 = 0
            var hasDigits = false
            for byte in bytes {
                switch byte {
                case 0x30...0x39, 0x61...0x66:
                    number = number << 4 | UInt32(byte < 0x61 ? byte - 0x30 : byte - 0x57)
                    hasDigits = true
                default:
                    if hasDigits { row.append(number) }
                    number = 0
                    hasDigits = false
                    if byte == 0x3b {
                        body(row)
                        row.removeAll(keepingCapacity: true)
                    }
                }
            }
        }
    }
}
