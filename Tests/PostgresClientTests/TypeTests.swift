import PostgresClient
import TestSupport
import Testing

@Suite struct TypeTests {
    static let texts = [
        "", "plain", "it's \"quoted\" \\ {a,b}", "NULL", "Größe 中 👩‍👩‍👧", "e\u{301}", " \n\t", ";DROP TABLE t; --",
    ]

    @Test("Values go there and come back", arguments: PostgresServer.Flavour.allCases)
    func scalars(_ flavour: PostgresServer.Flavour) async throws {
        let connection = try await database(flavour).connect()
        for text in Self.texts {
            #expect(try await connection.value("SELECT $1", .text(text)) == text)
            #expect(try await connection.value("SELECT octet_length($1)", .text(text)) == text.utf8.count)
            #expect(try await connection.value("SELECT $1::varchar", .text(text)) == text)
        }
        for number in [Int64.min, -1, 0, 1, .max] {
            #expect(try await connection.value("SELECT $1", .int8(number)) == number)
            #expect(try await connection.value("SELECT $1::text", .int8(number)) == "\(number)")
        }
        for number in [Int32.min, -1, 0, .max] {
            #expect(try await connection.value("SELECT $1", .int4(number)) == number)
            #expect(try await connection.value("SELECT $1", .int4(number)) == Int(number))
        }
        #expect(try await connection.value("SELECT $1::int2", .int4(-7)) == -7)
        #expect(try await connection.value("SELECT 4000000000::oid") == UInt32(4_000_000_000))
        for bool in [true, false] {
            #expect(try await connection.value("SELECT $1", .bool(bool)) == bool)
            #expect(try await connection.value("SELECT $1::text", .bool(bool)) == "\(bool)")
        }
        let bytes = Array(UInt8.min...UInt8.max)
        #expect(
            try await connection.value(
                "SELECT encode($1, 'hex') = $2", .bytea(bytes),
                .text(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())))
        #expect(try await connection.value("SELECT octet_length($1)", .bytea([])) == 0)
    }

    @Test("Floating point numbers keep every bit", arguments: PostgresServer.Flavour.allCases)
    func floats(_ flavour: PostgresServer.Flavour) async throws {
        let connection = try await database(flavour).connect()
        for number in [0, -0.0, 0.1, .pi, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity, -.infinity]
            as [Double]
        {
            let back: Double = try await connection.value("SELECT $1", .float8(number))
            #expect(back.bitPattern == number.bitPattern)
        }
        #expect(try await connection.value("SELECT $1", .float8(.nan), as: Double.self).isNaN)
        for number in [0, -0.0, 0.1, .greatestFiniteMagnitude, .leastNonzeroMagnitude, -.infinity] as [Float] {
            let back: Float = try await connection.value("SELECT $1", .float4(number))
            #expect(back.bitPattern == number.bitPattern)
            #expect(try await connection.value("SELECT $1", .float4(number)) == Double(number))
        }
        let numbers: [Float] = [1.5, -0.1, .nan, .infinity, -.infinity, 0x1p-149]
        let back: [Float] = try await connection.value("SELECT $1", .float4Array(numbers))
        #expect(back.map(\.isNaN) == numbers.map(\.isNaN))
        #expect(zip(back, numbers).allSatisfy { $0 == $1 || $0.isNaN })
        #expect(
            try await connection.value("SELECT $1::text", .float4Array(numbers))
                == "{1.5,-0.1,NaN,Infinity,-Infinity,1e-45}")
        #expect(try await connection.value("SELECT $1", .float4Array([])) == [Float]())
        #expect(try await connection.value("SELECT '{1,NULL}'::float4[]") == [1, nil] as [Float?])
    }

    @Test("Arrays keep NULLs, quotes and every character", arguments: PostgresServer.Flavour.allCases)
    func arrays(_ flavour: PostgresServer.Flavour) async throws {
        let connection = try await database(flavour).connect()
        let texts: [String?] = Self.texts + [nil]
        #expect(try await connection.value("SELECT $1", .textArray(texts)) == texts)
        #expect(try await connection.value("SELECT array_length($1, 1)", .textArray(texts)) == texts.count)
        #expect(try await connection.value("SELECT $1[2]", .textArray(texts)) == texts[1])
        #expect(
            try await connection.value("SELECT count(*) FROM unnest($1) AS v WHERE v IS NULL", .textArray(texts)) == 1)
        #expect(try await connection.value("SELECT $1", .textArray([])) == [String]())
        #expect(try await connection.value("SELECT $1", .int8Array([.min, 0, .max])) == [Int64.min, 0, .max])
        #expect(try await connection.value("SELECT $1", .int8Array([1, 2])) == [1, 2] as [Int])
        #expect(
            try await connection.value("SELECT $1", .array([.bool(true), .null], of: .bool, as: .init(rawValue: 1000)))
                == [true, nil] as [Bool?])
        // More than one dimension, or elements that are NULL where none may be, is no array of Swift's.
        for sql in [
            "SELECT '{{1,2},{3,4}}'::int8[]", "SELECT '{1,NULL}'::int8[]", "SELECT '{1}'::text[]", "SELECT 1::int8",
        ] {
            let error = await postgresError { _ = try await connection.value(sql, as: [Int64].self) }
            #expect(error?.code == .decoding)
        }
    }

    @Test("jsonb and json mean the same on both sides", arguments: PostgresServer.Flavour.allCases)
    func others(_ flavour: PostgresServer.Flavour) async throws {
        let connection = try await database(flavour).connect()
        let json = #"{"a": [1, null, "é\"🎛"]}"#
        #expect(try await connection.value("SELECT $1", .jsonb(json)) == json)
        #expect(try await connection.value("SELECT $1->'a'->>2", .jsonb(json)) == "é\"🎛")
        #expect(try await connection.value("SELECT '{\"b\": 1}'::json") == "{\"b\": 1}")
    }

    @Test("NULL is nil, and an error where nil is not expected")
    func null() async throws {
        let connection = try await database(.debian).connect()
        #expect(try await connection.value("SELECT $1::text", .null, as: String?.self) == nil)
        #expect(try await connection.value("SELECT NULL::int8[]", as: [Int64]?.self) == nil)
        #expect(try await connection.value("SELECT 5", as: Int?.self) == 5)
        let rows = try await connection.execute(Statement("nulls", "SELECT NULL::text AS a, 1 AS b"))
        for (column, what) in [("a", "NULL"), ("b", "integer"), ("c", "missing")] {
            let error = await postgresError { _ = try rows[0].decode(column, as: String.self) }
            #expect(error?.code == .decoding && error?.statement == "nulls", "\(what)")
        }
        let error = await postgresError { _ = try await connection.value("SELECT 300::int8", as: Bool.self) }
        #expect(error?.code == .decoding)
        let wide = await postgresError { _ = try await connection.value("SELECT 5000000000", as: Int32.self) }
        #expect(wide?.code == .decoding)
    }

    @Test("Rows are a collection, by name and by number")
    func rows() async throws {
        let connection = try await database(.debian).connect()
        let rows = try await connection.execute(
            Statement("series", "SELECT i AS n, i::text AS \"Odd Name\", i AS n FROM generate_series(1, 3) AS i"))
        #expect(rows.count == 3)
        #expect(try rows.map { try $0.decode("Odd Name") } == ["1", "2", "3"])
        #expect(try rows.last?.decode(2, as: Int.self) == 3)
        try await connection.script("CREATE TABLE t (v int)", name: "create")
        #expect(try await connection.execute(Statement("insert", "INSERT INTO t SELECT generate_series(1, 7)")).isEmpty)
    }
}
