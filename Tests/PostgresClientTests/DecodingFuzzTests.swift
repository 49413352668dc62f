import TestSupport
import Testing

@testable import PostgresClient

@Suite struct DecodingFuzzTests {
    @Test("Random bytes as any type neither crash nor make an array that is not in them", arguments: UInt64(1)...8)
    func random(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let whole = PostgresValue.textArray(["a", nil, "bcd"]).bytes ?? []
        let types: [TypeOID] = [
            .text, .bool, .int2, .int4, .int8, .oid, .float4, .float8, .jsonb, .textArray, .bytea,
        ]
        for round in 0..<4_000 {
            var bytes = whole
            if round % 3 == 0 {
                bytes = (0..<Int.random(in: 0...48, using: &random)).map { _ in .random(in: 0...255, using: &random) }
            } else if round % 3 == 1 {
                bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
            }
            for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = [0, 1, 255, 127, 128].randomElement(
                    using: &random)!
            }
            let cell = PostgresCell(type: types.randomElement(using: &random)!, bytes: bytes)
            for elements in [[String?](cell: cell)?.count, [Int64](cell: cell)?.count, [Float](cell: cell)?.count] {
                if let elements { #expect(elements * 4 <= bytes.count) }
            }
            _ = (String(cell: cell), Int(cell: cell), Int32(cell: cell), UInt32(cell: cell), Bool(cell: cell))
            _ = (Double(cell: cell), Float(cell: cell))
            if let vector = cell.vector { #expect(vector.count * 4 + 4 == bytes.count) }
            if let half = cell.halfvec { #expect(half.count * 2 + 4 == bytes.count) }
        }
    }

    @Test("A count or a length beyond the bytes is refused without reserving memory for it")
    func lying() {
        func array(_ words: [Int32], _ rest: [UInt8] = []) -> [UInt8] { words.flatMap(\.bigEndianBytes) + rest }
        #expect(PostgresCell.elements(ofArray: array([1, 0, 25, .max, 1])) == nil)
        #expect(PostgresCell.elements(ofArray: array([1, 0, 25, -1, 1])) == nil)
        #expect(PostgresCell.elements(ofArray: array([1, 0, 25, 1, 1, .max])) == nil)
        #expect(PostgresCell.elements(ofArray: array([2, 0, 25, 1, 1, 1, 1])) == nil)
        #expect(PostgresCell.elements(ofArray: array([-1, 0, 25])) == nil)
        #expect(PostgresCell.elements(ofArray: []) == nil)
        #expect(PostgresCell.elements(ofArray: array([1, 0, 25, 1, 1, 1], [97, 98])) == nil)
        #expect(PostgresCell.elements(ofArray: array([0, 0, 25]))?.isEmpty == true)
        #expect(PostgresCell.elements(ofArray: array([1, 0, 25, 1, 1, 1], [97]))?.first?.bytes == [97])
    }

    @Test("Identifiers and literals are quoted whatever is in them")
    func quoting() {
        #expect(quoteIdentifier("a\"b") == "\"a\"\"b\"")
        #expect(quoteIdentifier("") == "\"\"")
        #expect(quoteLiteral("it's") == "'it''s'")
        #expect(quoteLiteral("a\\'b") == " E'a\\\\''b'")
        // A combining mark makes one character of it and the quote before it; the quote must be found all the same.
        #expect(quoteLiteral("a'\u{301}b") == "'a''\u{301}b'")
        #expect(quoteIdentifier("a\"\u{301}b") == "\"a\"\"\u{301}b\"")
    }
}
