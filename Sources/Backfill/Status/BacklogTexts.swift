import PostgresClient

/// The texts of a backlog, a page at a time, so that any number of them fits into memory.
package struct BacklogTexts: Sendable {
    private let table: WatchedTable
    private let textBytes: Int

    private static let page = 2_000

    /// - Parameters:
    ///   - table: The table.
    ///   - textBytes: Texts are cut to so many UTF-8 bytes.
    package init(_ table: WatchedTable, textBytes: Int) {
        self.table = table
        self.textBytes = textBytes
    }

    /// Reads the texts of all pending rows, in the order of their keys; the text of a row without any is empty.
    ///
    /// - Parameters:
    ///   - connection: A connection that is free.
    ///   - take: Is given a page of them.
    package func read(on connection: PostgresConnection, _ take: ([String]) -> Void) async throws {
        let columns = table.spec.recipe.columns
        let rendering = TextRendering(table.spec.recipe, jsonColumns: table.jsonColumns, textBytes: textBytes)
        var cursor: String?
        while true {
            let behind =
                "t.\(quoteIdentifier(table.spec.key)) OPERATOR(\(table.keySchema).>) "
                + "($1::pg_catalog.text[])[1]::\(table.keyType) AND "
            let fragments = ["which": cursor == nil ? "" : behind]
            let rows = try await connection.execute(
                Statement(
                    "read the backlog of \(table.displayName)",
                    SQLFile.fill(SQLFile.backlogTexts, table.fragments.merging(fragments) { $1 }),
                    [
                        .textArray([cursor].compactMap(\.self)),
                        .int4(Int32(clamping: textBytes * RowReader.columnFactor)), .int8(Int64(Self.page)),
                    ]))
            guard let last = rows.last else { return }
            take(try rows.map { row in rendering.text(try columns.indices.map { try row.decode("c\($0)") }).text })
            cursor = try last.decode("key")
        }
    }
}
