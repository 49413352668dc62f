/// The table at the beginning of a safetensors file: 8 bytes of length, little-endian, then a JSON object of that
/// length that names each tensor with its type, its shape and its place in the rest of the file.
///
/// Everything the format demands is checked, so that a tensor's bytes are where its entry says and nowhere else.
struct SafeTensorsHeader: Sendable {
    struct Entry: Sendable {
        let name: [UInt8]
        let type: TensorType
        let shape: [Int]
        /// In bytes from the beginning of the file.
        let bytes: Range<Int>
    }

    /// The format's own limit for the JSON's length.
    static let maximumLength = 100_000_000

    /// In the order of their bytes.
    let entries: [Entry]

    /// Reads the header of a whole file.
    /// - Parameters:
    ///   - file: All bytes of the file; only the header's are read.
    ///   - path: For errors.
    init(file: UnsafeRawBufferPointer, path: String) throws(ModelError) {
        guard file.count >= 8 else {
            throw ModelError(path, "is only \(file.count) bytes long: not a safetensors file, or cut off")
        }
        guard !file.starts(with: "version https://git-lfs".utf8) else {
            throw ModelError(path, "is only Git LFS's pointer to the file; fetch the file itself with 'git lfs pull'")
        }
        let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        guard length <= Self.maximumLength else {
            throw ModelError(
                path,
                "is not a safetensors file: its first 8 bytes give a header of \(length) bytes, and the format allows \(Self.maximumLength)"
            )
        }
        guard length <= file.count - 8 else {
            throw ModelError(path, "is cut off: its header has \(length) bytes, the whole file \(file.count)")
        }
        let json = Array(file[8..<8 + Int(length)])
        guard json.first == UInt8(ascii: "{") else { throw ModelError(path, "has a header that is not a JSON object") }
        let root: JSON
        do throws(JSONError) {
            root = try JSON.parse(json)
        } catch {
            throw ModelError(path, "has a header that is not JSON: \(error)")
        }
        try self.init(root, data: 8 + json.count..<file.count, path: path)
    }

    /// Checks a header.
    /// - Parameters:
    ///   - root: The header's JSON.
    ///   - data: Where the tensors' bytes lie in the file.
    ///   - path: For errors.
    init(_ root: JSON, data: Range<Int>, path: String) throws(ModelError) {
        guard let members = root.members else { throw ModelError(path, "has a header that is not a JSON object") }
        var entries: [Entry] = []
        var names: Set<[UInt8]> = []
        for member in members {
            guard names.insert(member.key).inserted else {
                throw ModelError(path, "names \(quote(member.name)) twice in its header")
            }
            if member.key.elementsEqual("__metadata__".utf8) {
                try Self.checkMetadata(member.value, path)
            } else {
                do throws(EntryProblem) {
                    entries.append(try Entry(member, data: data))
                } catch {
                    throw ModelError(path, "has a wrong entry for tensor \(quote(member.name)): \(error.text)")
                }
            }
        }
        entries.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
        try Self.checkCoverage(entries, data: data, path)
        self.entries = entries
    }

    private static func checkMetadata(_ value: JSON, _ path: String) throws(ModelError) {
        if value.isNull { return }
        guard let members = value.members, members.allSatisfy({ $0.value.bytes != nil }) else {
            throw ModelError(path, "has a '__metadata__' that is not an object of strings")
        }
    }

    /// The format wants the tensors to cover the data entirely, without overlap: nothing can hide between them, and a
    /// file that was cut or joined wrongly is found out.
    private static func checkCoverage(_ entries: [Entry], data: Range<Int>, _ path: String) throws(ModelError) {
        var end = data.lowerBound
        for entry in entries {
            guard entry.bytes.lowerBound == end else {
                let what = entry.bytes.lowerBound < end ? "overlaps the tensor before it" : "leaves a gap before it"
                throw ModelError(
                    path, "is damaged: tensor \(quote(String(decoding: entry.name, as: UTF8.self))) \(what)")
            }
            end = entry.bytes.upperBound
        }
        guard end == data.upperBound else {
            throw ModelError(path, "is damaged: its tensors end at byte \(end), the file at byte \(data.upperBound)")
        }
    }
}

/// What is wrong with one tensor's entry.
private struct EntryProblem: Error {
    let text: String
    init(_ text: String) { self.text = text }
}

extension SafeTensorsHeader.Entry {
    fileprivate init(_ member: JSON.Member, data: Range<Int>) throws(EntryProblem) {
        guard let fields = member.value.members else { throw EntryProblem("\(member.value.kind), not an object") }
        // Two equal names in one entry could be read differently by the next reader.
        guard fields.count == 3 else {
            throw EntryProblem("\(fields.count) members, not dtype, shape and data_offsets")
        }
        guard let typeName = member.value["dtype"]?.text else { throw EntryProblem("no 'dtype'") }
        guard let type = TensorType(rawValue: typeName) else { throw EntryProblem("unknown dtype \(quote(typeName))") }
        guard let dimensions = member.value["shape"]?.elements else { throw EntryProblem("no 'shape'") }
        guard let offsets = member.value["data_offsets"]?.elements, offsets.count == 2,
            let begin = offsets[0].int, let end = offsets[1].int
        else { throw EntryProblem("no 'data_offsets' of two whole numbers") }
        guard 0 <= begin, begin <= end, end <= data.count else {
            throw EntryProblem("bytes \(begin) to \(end) of \(data.count)")
        }
        var shape: [Int] = []
        var bits = type.bits
        for dimension in dimensions {
            guard let size = dimension.int, size >= 0 else { throw EntryProblem("a dimension that is no whole number") }
            let (product, overflow) = bits.multipliedReportingOverflow(by: size)
            guard !overflow else { throw EntryProblem("a shape too large to be true") }
            bits = product
            shape.append(size)
        }
        guard bits % 8 == 0, bits / 8 == end - begin else {
            throw EntryProblem("shape \(describe(shape)) of \(typeName) does not fill its \(end - begin) bytes")
        }
        self.init(
            name: member.key, type: type, shape: shape, bytes: data.lowerBound + begin..<data.lowerBound + end)
    }
}

/// A shape as it is written: `[30522, 384]`, cut where a hostile file makes it long.
func describe(_ shape: [Int]) -> String {
    shape.count <= 8 ? "\(shape)" : "of \(shape.count) dimensions"
}
