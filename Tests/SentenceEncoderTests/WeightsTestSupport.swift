import Glibc
@testable import SentenceEncoder

/// A folder for one test, gone with the object.
final class ScratchFolder {
    struct Failure: Error { let what: String }

    let path: String
    private var created: [String] = []

    init() throws(Failure) {
        var template = Array("/tmp/SentenceEncoderTests.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failure(what: "mkdtemp") }
        path = String(cString: made)
    }

    deinit {
        for path in created.reversed() where unlink(path) != 0 { rmdir(path) }
        rmdir(path)
    }

    /// Writes a file and makes the folders it is in; its whole path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws(Failure) -> String {
        let folders = name.split(separator: "/").dropLast()
        for end in folders.indices {
            let folder = path + "/" + folders[...end].joined(separator: "/")
            if mkdir(folder, 0o700) == 0 { created.append(folder) }
        }
        let whole = path + "/" + name
        guard let file = fopen(whole, "w") else { throw Failure(what: whole) }
        created.append(whole)
        let written = fwrite(bytes, 1, bytes.count, file)
        guard fclose(file) == 0, written == bytes.count else { throw Failure(what: whole) }
        return whole
    }

    /// Writes a text file; its whole path.
    @discardableResult
    func write(_ name: String, _ text: String) throws(Failure) -> String { try write(name, Array(text.utf8)) }
}

/// A tensor for a safetensors file of a test.
struct TestTensor {
    var name: String
    var type = "F32"
    var shape: [Int]
    var bytes: [UInt8]

    init(_ name: String, _ shape: [Int], _ values: [Float]) {
        self.name = name
        self.shape = shape
        bytes = values.flatMap { Self.littleEndian($0.bitPattern) }
    }

    init(_ name: String, type: String, _ shape: [Int], bytes: [UInt8]) {
        self.name = name
        self.type = type
        self.shape = shape
        self.bytes = bytes
    }

    static func littleEndian<Integer: FixedWidthInteger>(_ value: Integer) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}

/// The bytes of a safetensors file with this header, whatever it says.
func safetensors(header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
    TestTensor.littleEndian(length ?? UInt64(header.utf8.count)) + Array(header.utf8) + data
}

/// The bytes of a valid safetensors file; `padding` spaces after its header.
func safetensors(_ tensors: [TestTensor], padding: Int = 0) -> [UInt8] {
    var entries = [#""__metadata__":{"format":"pt"}"#]
    var data: [UInt8] = []
    for tensor in tensors {
        let range = "[\(data.count),\(data.count + tensor.bytes.count)]"
        entries.append(
            "\"\(tensor.name)\":{\"dtype\":\"\(tensor.type)\",\"shape\":\(tensor.shape),\"data_offsets\":\(range)}")
        data += tensor.bytes
    }
    let header = "{" + entries.joined(separator: ",") + "}" + String(repeating: " ", count: padding)
    return safetensors(header: header, data: data)
}

/// The problem that reading a header of these bytes ends with; nil if it is read.
func headerProblem(_ file: [UInt8]) -> String? {
    file.withUnsafeBytes { bytes in
        do throws(ModelError) {
            _ = try SafeTensorsHeader(file: bytes, path: "f")
            return nil
        } catch {
            return error.problem
        }
    }
}
