import PostgresClient

/// The SQL of the 64-bit hash that tells whether the text of a row is still the one that was read.
///
/// Reading, writing and setting aside all use this one fragment, so that they agree. It hashes the base columns as
/// text, byte by byte (`COLLATE "C"`: a nondeterministic collation hashes different texts alike), each with the hash of
/// the columns before it as seed, so that nothing can move from one column to the next unnoticed; a value is marked
/// `=` and NULL is `-`. Chaining seeds takes six tenths of the time of hashing one long concatenation. Every name is
/// qualified: it means the same under any `search_path`.
///
/// How some types become text depends on settings (`TimeZone`, `DateStyle`, `IntervalStyle`, `extra_float_digits`,
/// `bytea_output`): hashes are comparable between connections that have the same ones.
package struct SourceExpression: Sendable, Hashable {
    /// The columns that are hashed.
    package let columns: [String]

    /// A hash over base columns, in this order.
    package init(columns: [String]) {
        self.columns = columns
    }

    /// The expression, of type int8, for a row that the statement knows as `alias`.
    ///
    /// - Parameter alias: An alias of the statement's own; it is put in as it is.
    package func sql(alias: String) -> String {
        columns.reduce("0::pg_catalog.int8") { seed, column in
            let text = "\(alias).\(quoteIdentifier(column))::pg_catalog.text"
            return "pg_catalog.hashtextextended(COALESCE('=' OPERATOR(pg_catalog.||) \(text), '-') "
                + "COLLATE pg_catalog.\"C\", \(seed))"
        }
    }
}
