import Testing
@testable import SentenceEncoder

@Suite("Safetensors header") struct WeightsHeaderTests {
    private static let entry = #"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#

    private static func file(_ entry: String, data: Int = 8) -> [UInt8] {
        safetensors(header: "{\"a\":\(entry)}", data: [UInt8](repeating: 0, count: data))
    }

    @Test("Tensors lie where the header says, in the order of their bytes, with padding and metadata around")
    func valid() throws {
        let file = safetensors(
            [
                TestTensor("x", [2, 1], [1, 2]), TestTensor("none", [3, 0], []), TestTensor("scalar", [], [7]),
                TestTensor("positions", type: "I64", [1, 2], bytes: [UInt8](repeating: 1, count: 16)),
                TestTensor("four", type: "F4", [3, 2], bytes: [1, 2, 3]),
            ], padding: 5)
        let header = try file.withUnsafeBytes { bytes throws(ModelError) in
            try SafeTensorsHeader(file: bytes, path: "f")
        }
        #expect(
            header.entries.map { String(decoding: $0.name, as: UTF8.self) } == [
                "x", "none", "scalar", "positions", "four",
            ])
        #expect(header.entries.map(\.bytes.count) == [8, 0, 4, 16, 3])
        #expect(header.entries.map(\.shape) == [[2, 1], [3, 0], [], [1, 2], [3, 2]])
        #expect(header.entries.map(\.type) == [.float32, .float32, .float32, .int64, .float4])
        #expect(header.entries.last?.bytes.upperBound == file.count)
        #expect(headerProblem(Self.file(Self.entry)) == nil)
        #expect(headerProblem(safetensors(header: "{}")) == nil)
        #expect(headerProblem(safetensors(header: #"{"__metadata__":null}"#)) == nil)
    }

    @Test("A file that is cut off anywhere is refused")
    func truncated() {
        let whole = safetensors([TestTensor("a", [2], [1, 2]), TestTensor("b", [1], [3])])
        #expect(headerProblem(whole) == nil)
        for count in whole.indices {
            #expect(headerProblem(Array(whole[..<count])) != nil, "cut to \(count) bytes")
        }
        #expect(headerProblem(whole + [0])?.contains("is damaged") == true)
    }

    @Test(
        "A length that lies is refused before anything of that size is allocated",
        arguments: [UInt64.max, 1 << 63, (1 << 63) - 1, 1 << 40, 100_000_001, 99_999_999, 100, 50] as [UInt64])
    func lengths(length: UInt64) {
        #expect(headerProblem(safetensors(header: "{\"a\":\(Self.entry)}", data: [0], length: length)) != nil)
    }

    @Test(
        "An entry that is wrong is refused with what is wrong",
        arguments: [
            ("1", "a number, not an object"), (#"{"dtype":"F32","shape":[2]}"#, "2 members"),
            (#"{"dtype":"F32","shape":[2],"data_offsets":[0,8],"shape":[1]}"#, "4 members"),
            (#"{"dtype":"F32","dtype":"F32","data_offsets":[0,8]}"#, "no 'shape'"),
            (#"{"dtype":"F31","shape":[2],"data_offsets":[0,8]}"#, "unknown dtype 'F31'"),
            (#"{"dtype":4,"shape":[2],"data_offsets":[0,8]}"#, "no 'dtype'"),
            (#"{"dtype":"F32","shape":2,"data_offsets":[0,8]}"#, "no 'shape'"),
            (#"{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}"#, "no whole number"),
            (#"{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}"#, "no whole number"),
            (#"{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}"#, "no whole number"),
            (#"{"dtype":"F32","shape":[3],"data_offsets":[0,8]}"#, "does not fill"),
            (#"{"dtype":"F32","shape":[1],"data_offsets":[0,8]}"#, "does not fill"),
            (#"{"dtype":"F16","shape":[2],"data_offsets":[0,8]}"#, "does not fill"),
            (#"{"dtype":"F4","shape":[15],"data_offsets":[0,8]}"#, "does not fill"),
            (#"{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}"#, "too large"),
            (#"{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,8]}"#, "too large"),
            (#"{"dtype":"F32","shape":[18446744073709551618],"data_offsets":[0,8]}"#, "no whole number"),
            (#"{"dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,8]}"#, "too large"),
            (#"{"dtype":"F32","shape":[2],"data_offsets":[8,0]}"#, "bytes 8 to 0 of 8"),
            (#"{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}"#, "bytes -8 to 0 of 8"),
            (#"{"dtype":"F32","shape":[2],"data_offsets":[8,16]}"#, "bytes 8 to 16 of 8"),
            (#"{"dtype":"F32","shape":[2],"data_offsets":[0,9223372036854775807]}"#, "of 8"),
            (#"{"dtype":"F32","shape":[2],"data_offsets":[0]}"#, "no 'data_offsets'"),
            (#"{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}"#, "no 'data_offsets'"),
            (#"{"dtype":"F32","shape":[2],"data_offsets":[0,8e0]}"#, "no 'data_offsets'"),
        ])
    func entries(entry: String, problem: String) {
        let found = headerProblem(Self.file(entry))
        #expect(found?.contains(problem) == true, "\(found ?? "was read")")
        #expect(found?.contains("'a'") == true)
    }

    @Test("Overlaps, gaps and bytes of nobody are refused")
    func coverage() {
        func problem(_ first: String, _ second: String, data: Int) -> String? {
            let header = """
                {"a":{"dtype":"U8","shape":[4],"data_offsets":\(first)},"b":{"dtype":"U8","shape":[4],"data_offsets":\(second)}}
                """
            return headerProblem(safetensors(header: header, data: [UInt8](repeating: 0, count: data)))
        }
        #expect(problem("[0,4]", "[4,8]", data: 8) == nil)
        #expect(problem("[4,8]", "[0,4]", data: 8) == nil)
        #expect(problem("[0,4]", "[3,7]", data: 7) == "is damaged: tensor 'b' overlaps the tensor before it")
        #expect(problem("[0,4]", "[0,4]", data: 4) == "is damaged: tensor 'b' overlaps the tensor before it")
        #expect(problem("[0,4]", "[5,9]", data: 9) == "is damaged: tensor 'b' leaves a gap before it")
        #expect(problem("[1,5]", "[5,9]", data: 9) == "is damaged: tensor 'a' leaves a gap before it")
        #expect(problem("[0,4]", "[4,8]", data: 9)?.contains("the file at byte") == true)
        #expect(headerProblem(safetensors(header: "{}", data: [0])) != nil)
    }

    @Test("A header that is another kind of JSON, or has a name twice, is refused")
    func headers() {
        #expect(headerProblem(safetensors(header: "[]"))?.contains("not a JSON object") == true)
        #expect(headerProblem(safetensors(header: " {}"))?.contains("not a JSON object") == true)
        #expect(headerProblem(safetensors(header: ""))?.contains("not a JSON object") == true)
        #expect(headerProblem(safetensors(header: "{\"a\":"))?.contains("not JSON") == true)
        let twice = "{\"a\":\(Self.entry),\"a\":\(Self.entry)}"
        #expect(
            headerProblem(safetensors(header: twice, data: [UInt8](repeating: 0, count: 8)))?.contains("twice") == true)
        #expect(headerProblem(safetensors(header: #"{"__metadata__":{"a":1}}"#))?.contains("__metadata__") == true)
        #expect(headerProblem(safetensors(header: #"{"__metadata__":[]}"#))?.contains("__metadata__") == true)
        let bomb = String(repeating: "{\"a\":", count: 1000)
        #expect(headerProblem(safetensors(header: bomb))?.contains("nested deeper") == true)
    }

    @Test("A million damaged headers are refused, or read as a table that covers the data exactly", arguments: 0..<4)
    func damaged(part: Int) throws {
        let seed = 0x5afe_7e45 + UInt64(part)
        var mutator = Mutator(seed: seed)
        let header = Array(
            #"{"a":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[],"data_offsets":[4,5]}}"#
                .utf8)
        let data = 100..<105
        var accepted = 0
        for round in 0..<250_000 {
            var text = header
            mutator.damage(&text)
            guard let root = try? JSON.parse(text),
                let read = try? SafeTensorsHeader(root, data: data, path: "f")
            else { continue }
            accepted += 1
            var end = data.lowerBound
            for entry in read.entries {
                let bits = entry.shape.reduce(entry.type.bits, *)
                guard entry.bytes.lowerBound == end, entry.bytes.count * 8 == bits else {
                    Issue.record("seed \(seed), round \(round): \(String(decoding: text, as: UTF8.self))")
                    return
                }
                end = entry.bytes.upperBound
            }
            guard end == data.upperBound else {
                Issue.record("seed \(seed), round \(round): \(String(decoding: text, as: UTF8.self))")
                return
            }
        }
        #expect(1000..<200_000 ~= accepted, "seed \(seed): \(accepted) were read")
    }
}
