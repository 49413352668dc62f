import Glibc
import Testing
@testable import SentenceEncoder

@Suite("Safetensors file") struct WeightsTests {
    private func open(_ bytes: [UInt8], _ folder: ScratchFolder) throws -> SafeTensors {
        try SafeTensors(path: folder.write("model.safetensors", bytes))
    }

    @Test("A tensor is found by its name, with its bytes, and outlives the file's object and name")
    func tensors() throws {
        var tensor: Tensor?
        do {
            let folder = try ScratchFolder()
            let file = try open(
                safetensors([TestTensor("a", [2, 2], [1, -2, 0.5, 4]), TestTensor("b", [1], [9])]), folder)
            #expect(file.names == ["a", "b"])
            #expect(file.tensor(named: "c") == nil)
            tensor = file.tensor(named: "a")
        }
        let found = try #require(tensor)
        #expect(found.shape == [2, 2] && found.count == 4 && found.type == .float32)
        #expect(try found.floats() == [1, -2, 0.5, 4])
        #expect(found.withUnsafeBytes { Array($0.prefix(4)) } == [0, 0, 0x80, 0x3f])
        found.file.release()
        #expect(try found.floats() == [1, -2, 0.5, 4])
    }

    @Test("Part of a tensor can be copied, and tensors at odd addresses are read", arguments: 0..<9)
    func parts(padding: Int) throws {
        let values = (0..<67).map { Float($0) * 0.25 - 3 }
        let halves = values.flatMap { TestTensor.littleEndian(UInt16($0.bitPattern >> 16)) }
        let folder = try ScratchFolder()
        let file = try open(
            safetensors(
                [
                    TestTensor("odd", type: "U8", [1], bytes: [0]), TestTensor("single", [67], values),
                    TestTensor("brain", type: "BF16", [67], bytes: halves),
                ], padding: padding), folder)
        for name in ["single", "brain"] {
            let tensor = try #require(file.tensor(named: name))
            #expect(try tensor.floats() == values)
            var part = [Float](repeating: 0, count: 30)
            try part.withUnsafeMutableBufferPointer { try tensor.copyFloats(5..<35, to: $0) }
            #expect(part == Array(values[5..<35]))
        }
    }

    @Test("Every F16 and BF16 that is finite becomes the float of the same value, and every other is an error")
    func halves() throws {
        let all = (0...UInt16.max).flatMap { TestTensor.littleEndian($0) }
        var floats = [Float](repeating: 0, count: 1)
        for bits in 0...UInt16.max {
            let source = [UInt8](all[Int(bits) * 2..<Int(bits) * 2 + 2])
            let (isFinite, isFiniteBrain, value, brain) = source.withUnsafeBytes { source in
                floats.withUnsafeMutableBufferPointer { target in
                    let isFinite = FloatConversion.float16(source, to: target)
                    let value = target[0]
                    let isFiniteBrain = FloatConversion.bfloat16(source, to: target)
                    return (isFinite, isFiniteBrain, value, target[0])
                }
            }
            let half = Self.value(ofHalf: bits)
            guard isFinite == half.isFinite, !isFinite || value.bitPattern == half.bitPattern else {
                Issue.record("F16 \(bits): \(value), not \(half)")
                return
            }
            let expected = Float(bitPattern: UInt32(bits) << 16)
            guard isFiniteBrain == expected.isFinite, !isFiniteBrain || brain.bitPattern == expected.bitPattern else {
                Issue.record("BF16 \(bits): \(brain), not \(expected)")
                return
            }
        }
    }

    /// By the definition of IEEE 754's binary16.
    private static func value(ofHalf bits: UInt16) -> Float {
        let (exponent, mantissa) = (Int(bits >> 10 & 31), Float(bits & 1023))
        let sign: Float = bits >> 15 == 1 ? -1 : 1
        if exponent == 31 { return mantissa == 0 ? sign * .infinity : .nan }
        return exponent == 0
            ? sign * mantissa * 0x1p-24
            : sign * (1024 + mantissa) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
    }

    @Test(
        "NaN and infinity are refused wherever they are, with the tensor's name",
        arguments: [Float.nan, .infinity, -.infinity, .signalingNaN, -.nan], [0, 1, 63, 66])
    func notFinite(value: Float, place: Int) throws {
        var values = [Float](repeating: 1, count: 67)
        values[place] = value
        let folder = try ScratchFolder()
        let tensor = try #require(open(safetensors([TestTensor("w", [67], values)]), folder).tensor(named: "w"))
        let error = #expect(throws: ModelError.self) { try tensor.floats() }
        #expect(error?.problem == "has a NaN or an infinity in tensor 'w'")
        var first = [Float](repeating: 0, count: place)
        #expect(throws: Never.self) {
            try first.withUnsafeMutableBufferPointer { try tensor.copyFloats(0..<place, to: $0) }
        }
    }

    @Test("A type that is not read is refused with its name")
    func types() throws {
        let folder = try ScratchFolder()
        let file = try open(
            safetensors([TestTensor("d", type: "F64", [1], bytes: [UInt8](repeating: 0, count: 8))]), folder)
        let error = #expect(throws: ModelError.self) { try file.tensor(named: "d")?.floats() }
        #expect(error?.problem == "has tensor 'd' as F64; only F32, F16 and BF16 are read")
    }

    @Test("The hash is SHA-256 of the whole file, in pieces or in one")
    func hash() throws {
        let folder = try ScratchFolder()
        // The values come from Python's hashlib.
        let small = try open(safetensors(header: "{}"), folder)
        #expect(
            try Self.hexadecimal(small.sha256()) == "411a485216e432ece6b9af94fa32154cf79a2a56d4f81266baa50063f45092bd")
        let large = try open(safetensors(header: "{}" + String(repeating: " ", count: 299_998)), folder)
        #expect(
            try Self.hexadecimal(large.sha256()) == "95967164da18ed2c1d7363cf62e01e416b57a1fa5ea17cfa5115b3df349d3cee")
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test("What is no file of weights is refused: nothing, a folder, a FIFO, a device, another format")
    func refused() throws {
        let folder = try ScratchFolder()
        func problem(_ path: String) -> String? {
            do throws(ModelError) {
                _ = try SafeTensors(path: path)
                return nil
            } catch {
                return error.problem
            }
        }
        #expect(problem(folder.path + "/absent")?.contains("No such file") == true)
        #expect(problem(folder.path) == "is not a regular file")
        #expect(problem("/dev/zero") == "is not a regular file")
        #expect(problem(try folder.write("empty", []))?.contains("only 0 bytes") == true)
        // A pickle in a zip, and the pointer that git leaves in place of a large file.
        #expect(problem(try folder.write("zip", [0x50, 0x4b, 3, 4] + [UInt8](repeating: 8, count: 40))) != nil)
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:53aa\nsize 90868376\n"
        #expect(problem(try folder.write("pointer", pointer))?.contains("git lfs pull") == true)
    }
}
