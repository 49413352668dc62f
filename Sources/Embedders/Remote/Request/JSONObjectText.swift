/// Writes one JSON object, member by member, as UTF-8.
struct JSONObjectText {
    private var text: [UInt8] = [0x7b]

    /// The object.
    var bytes: [UInt8] { text + [0x7d] }

    init(reserving bytes: Int) { text.reserveCapacity(bytes) }

    /// A member whose value is JSON already.
    mutating func add(_ name: String, json: String) {
        begin(name)
        text += json.utf8
    }

    /// A member that is a string.
    mutating func add(_ name: String, _ value: String) {
        begin(name)
        write(value)
    }

    /// A member that is an array of strings, each with a prefix.
    mutating func add(_ name: String, _ values: [String], prefix: String) {
        begin(name)
        text.append(0x5b)
        for (index, value) in values.enumerated() {
            if index > 0 { text.append(0x2c) }
            write(prefix.isEmpty ? value : prefix + value)
        }
        text.append(0x5d)
    }

    private mutating func begin(_ name: String) {
        if text.count > 1 { text.append(0x2c) }
        write(name)
        text.append(0x3a)
    }

    private mutating func write(_ string: String) {
        var string = string
        text.append(0x22)
        string.withUTF8 { bytes in
            var begin = 0
            for place in bytes.indices {
                let byte = bytes[place]
                guard byte < 0x20 || byte == 0x22 || byte == 0x5c else { continue }
                text += bytes[begin..<place]
                escape(byte)
                begin = place + 1
            }
            text += bytes[begin...]
        }
        text.append(0x22)
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case 0x22, 0x5c: text += [0x5c, byte]
        case 0x0a: text += [0x5c, 0x6e]
        case 0x0d: text += [0x5c, 0x72]
        case 0x09: text += [0x5c, 0x74]
        default:
            let digits = Array("0123456789abcdef".utf8)
            text += [0x5c, 0x75, 0x30, 0x30, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
}
