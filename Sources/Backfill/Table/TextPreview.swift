import PostgresClient

/// Shows what rows of a table would be embedded from, whether it is set up or not.
package struct TextPreview: Sendable {
    private let table: TableSpec
    private let textBytes: Int

    /// One row.
    package struct Row: Sendable, Hashable {
        /// The text form of its key.
        package let key: String
        /// The text that would be embedded.
        package let text: String
    }

    /// - Parameters:
    ///   - table: The table.
    ///   - textBytes: Texts are cut to so many UTF-8 bytes.
    package init(_ table: TableSpec, textBytes: Int) {
        self.table = table
        self.textBytes = textBytes
    }

    /// The first rows that the table gives.
    package func rows(_ count: Int, on connection: PostgresConnection) async throws -> [Row] {
        let columns = table.recipe.columns
        let values = columns.enumerated().map { number, column in
            "pg_catalog.left(t.\(quoteIdentifier(column))::pg_catalog.text, $1) AS c\(number), "
                + "pg_catalog.pg_typeof(t.\(quoteIdentifier(column)))::pg_catalog.text AS t\(number)"
        }
        let sql = SQLFile.fill(
            SQLFile.previewRows,
            [
                "key": quoteIdentifier(table.key), "table": table.name.quoted,
                "columns": values.joined(separator: ", "),
            ])
        let answer = try await connection.execute(
            Statement(
                "preview of \(table.name)", sql,
                [.int4(Int32(clamping: textBytes * RowReader.columnFactor)), .int8(Int64(count))]))
        return try answer.map { row in
            var texts: [String?] = []
            var json: Set<String> = []
            for (number, column) in columns.enumerated() {
                texts.append(try row.decode(1 + number * 2))
                if ["json", "jsonb"].contains(try row.decode(2 + number * 2, as: String.self)) { json.insert(column) }
            }
            let rendering = TextRendering(table.recipe, jsonColumns: json, textBytes: textBytes)
            return Row(key: try row.decode(0), text: rendering.text(texts).text)
        }
    }
}
