import TestSupport
import Testing

@testable import PostgresClient

@Suite struct VectorTests {
    private func connection() async throws -> PostgresConnection {
        try await database(.pg18WithPgvector, extensions: ["vector"]).connect()
    }

    @Test("A vector in binary is what the server writes as text")
    func vectors() async throws {
        let connection = try await connection()
        for vector in [[1.5], [0, -0.1, 3e-30, 1e30], (0..<384).map { Float($0) / 7 }] as [[Float]] {
            let row = try await connection.execute(
                Statement("vector", "SELECT $1::vector AS v, $1::vector::text AS t", [.vector(vector)]))[0]
            #expect(row.result.cell(row: 0, column: 0).vector == vector)
            let text: String = try row.decode("t")
            #expect(text.dropFirst().dropLast().split(separator: ",").compactMap { Float($0) } == vector)
        }
        #expect(try await connection.value("SELECT ($1::vector <-> '[0,0]')::float8", .vector([3, 4])) == 5.0)
    }

    @Test("Half precision rounds as the server does")
    func halves() async throws {
        let connection = try await connection()
        var random = SeededRandom(seed: 9)
        var numbers: [Float] = [
            0, -0.0, 1, 65_504, 65_519.996, 5.9604645e-8, 2.9802322e-8, 2.98024e-8, 6.097e-5, 6.1035156e-5,
        ]
        // Exactly between two halves: ties go to the even one.
        numbers += [1 + 0x1p-11, 1 + 3 * 0x1p-11, 2049, 2051, 0x1.5p-24, 0x3p-25, 0x5p-25]
        while numbers.count < 8_000 {
            let number = Float(bitPattern: .random(in: .min ... .max, using: &random))
            if number.isFinite, abs(number) < 65_504, abs(number) > 1e-9 { numbers.append(number) }
        }
        for start in stride(from: 0, to: numbers.count, by: 2_000) {
            let part = Array(numbers[start..<min(start + 2_000, numbers.count)])
            let rows = try await connection.execute(
                Statement(
                    "halves", "SELECT $1::vector::halfvec AS theirs, $2::halfvec AS ours",
                    [.vector(part), .halfvec(part)]))
            #expect(rows.result.cell(row: 0, column: 0).bytes == rows.result.cell(row: 0, column: 1).bytes)
            #expect(
                rows.result.cell(row: 0, column: 0).halfvec
                    == part.map { HalfPrecision.float(from: HalfPrecision.bits(of: $0)) })
        }
    }

    @Test("Every half is a float that the server reads as the same half, and comes back unchanged")
    func everyHalf() async throws {
        for bits in UInt16.min...UInt16.max {
            let float = HalfPrecision.float(from: bits)
            if float.isNaN {
                #expect(HalfPrecision.bits(of: float) & 0x7fff > 0x7c00)
            } else {
                #expect(HalfPrecision.bits(of: float) == bits)
            }
        }
        let connection = try await connection()
        for first in stride(from: UInt16(0), to: 0x7c00, by: 3_968) {
            let bits = Array(first..<min(first + 3_968, 0x7c00))
            let floats = bits.map(HalfPrecision.float)
            let rows = try await connection.execute(
                Statement(
                    "halves", "SELECT $1::vector::halfvec, $2::halfvec::vector", [.vector(floats), .halfvec(floats)]))
            #expect(
                rows.result.cell(row: 0, column: 0).bytes?.dropFirst(4).elementsEqual(bits.flatMap(\.bigEndianBytes))
                    == true)
            #expect(rows.result.cell(row: 0, column: 1).vector == floats)
        }
        #expect(HalfPrecision.bits(of: 65_520) == 0x7c00)
        #expect(HalfPrecision.bits(of: -1e30) == 0xfc00)
        #expect(HalfPrecision.bits(of: 1e-30) == 0)
    }

    @Test("The server refuses what is no vector, as the data's error")
    func refused() async throws {
        let connection = try await connection()
        for vector in [[Float.nan], [.infinity], []] as [[Float]] {
            let error = await postgresError {
                _ = try await connection.value("SELECT $1::vector::text", .vector(vector), as: String.self)
            }
            #expect(error?.hasState("22") == true)
        }
        #expect(PostgresCell(type: .text, bytes: [0, 2, 0, 0, 1]).vector == nil)
        #expect(PostgresCell(type: .text, bytes: [0]).halfvec == nil)
        #expect(PostgresCell(type: .text, bytes: nil).vector == nil)
    }
}
