import CLibpq

/// The answer to one statement.
package struct Rows: Sendable, RandomAccessCollection {
    let result: ResultHandle

    /// The first row's number, 0.
    package var startIndex: Int { 0 }
    /// The number of rows.
    package var endIndex: Int { result.rowCount }
    /// The row with this number.
    package subscript(position: Int) -> Row {
        precondition(indices.contains(position))
        return Row(result: result, index: position)
    }
}

/// One row of an answer.
package struct Row: Sendable {
    let result: ResultHandle
    let index: Int

    /// A value by the name of its column.
    ///
    /// - Throws: ``PostgresError`` with code `decoding` where there is no such column or the value is of another type.
    package func decode<T: PostgresDecodable>(_ column: String, as type: T.Type = T.self) throws -> T {
        guard let at = result.columns[column] else {
            throw PostgresError(.decoding, "the result has no column \(column)", statement: result.statement)
        }
        return try decode(at, as: type)
    }

    /// A value by its column's number, from 0.
    package func decode<T: PostgresDecodable>(_ column: Int, as type: T.Type = T.self) throws -> T {
        guard let value = T(cell: result.cell(row: index, column: column)) else {
            throw PostgresError(
                .decoding, "column \(column) of type \(result.types[column].rawValue) is no \(T.self)",
                statement: result.statement)
        }
        return value
    }
}

/// One value of a result as it came: its type, and its bytes or NULL.
package struct PostgresCell: Sendable {
    /// The column's type.
    package let type: TypeOID
    /// The value in the type's binary form; nil for NULL.
    package let bytes: [UInt8]?
}

/// Owns a `PGresult`.
///
/// `@unchecked Sendable`: libpq never changes a result once `PQgetResult` has returned it, and this class only reads it
/// (libpq documentation, "Behavior in Threaded Programs").
final class ResultHandle: @unchecked Sendable {
    private let pointer: OpaquePointer
    let statement: String
    let rowCount: Int
    let types: [TypeOID]
    let columns: [String: Int]

    init(_ pointer: OpaquePointer, statement: String) {
        self.pointer = pointer
        self.statement = statement
        rowCount = Int(PQntuples(pointer))
        let count = PQnfields(pointer)
        types = (0..<count).map { TypeOID(rawValue: PQftype(pointer, $0)) }
        columns = Dictionary(
            (0..<count).map { (String(cString: PQfname(pointer, $0)), Int($0)) },
            uniquingKeysWith: { first, _ in first })
    }

    deinit { PQclear(pointer) }

    func cell(row: Int, column: Int) -> PostgresCell {
        let (row, column) = (Int32(row), Int32(column))
        guard PQgetisnull(pointer, row, column) == 0, let start = PQgetvalue(pointer, row, column) else {
            return PostgresCell(type: types[Int(column)], bytes: nil)
        }
        let bytes = UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(pointer, row, column)))
        return PostgresCell(type: types[Int(column)], bytes: Array(bytes))
    }
}
