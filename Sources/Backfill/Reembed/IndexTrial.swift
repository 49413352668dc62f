import Embedders
import PostgresClient

/// Finds out what each index of the old column is for the new one, and whether it can be made, on an empty table of the
/// same columns in a transaction that is rolled back: the server itself renames the column in expressions and
/// conditions, and says what it does not do, such as hnsw over 2,000 dimensions.
struct IndexTrial: Sendable {
    let facts: ReembedFacts
    private var table: String { "reembed_trial_\(facts.watch.id)" }
    private var quoted: String { "backfilld.\(quoteIdentifier(table))" }

    /// The definitions for the new column, from the method on, by those for the old one.
    ///
    /// - Throws: ``TableProblem/indexImpossible(table:index:reason:)``, or
    ///   ``TableProblem/columnImpossible(table:type:reason:)`` for a type that cannot be as long as the vectors.
    func tails(on connection: PostgresConnection) async throws -> [String: String] {
        struct TakenBack: Error { let tails: [String: String] }
        do {
            try await connection.transaction { transaction in
                throw TakenBack(tails: try await tryOut(in: transaction))
            }
            return [:]
        } catch let taken as TakenBack {
            return taken.tails
        }
    }

    private func tryOut(in transaction: Transaction) async throws -> [String: String] {
        // One of each kind: the partitions have the same ones again.
        var kinds: [ReembedFacts.Index] = []
        for index in facts.indexes where !kinds.contains(where: { $0.tail.utf8.elementsEqual(index.tail.utf8) }) {
            kinds.append(index)
        }
        let (old, next) = (quoteIdentifier(facts.spec.embedding), quoteIdentifier(facts.next))
        try await transaction.script(
            """
            \(ReembedFacts.deparsing);
            CREATE TABLE \(quoted) (LIKE \(facts.shape.quoted));
            ALTER TABLE \(quoted) DROP COLUMN IF EXISTS \(next);
            """, name: "make a table to try indexes on")
        for (number, kind) in kinds.enumerated() {
            try await transaction.script(create(kind, number, tail: kind.tail), name: "try index \(kind.name)")
        }
        try await transaction.script("ALTER TABLE \(quoted) RENAME \(old) TO \(next)", name: "rename the column")
        let rows = try await transaction.execute(
            .inspect("reembed_trial", PackageResources.reembed_trial_sql, [.text(table)]))
        let renamed = Dictionary(
            try rows.map { (try $0.decode("name", as: String.self), try $0.decode("tail", as: String.self)) },
            uniquingKeysWith: { first, _ in first })
        do {
            // The indexes go with the column.
            try await transaction.script(
                """
                ALTER TABLE \(quoted) DROP COLUMN \(next);
                ALTER TABLE \(quoted) ADD COLUMN \(next) \(facts.nextType);
                """, name: "make the new column")
        } catch let error as PostgresError where error.code == .server && !error.isConnectionFailure {
            throw TableProblem.columnImpossible(
                table: facts.shape.displayName, type: facts.nextType, reason: error.message)
        }
        try await transaction.script(row(), name: "make a row to try indexes on")
        var tails: [String: String] = [:]
        for (number, kind) in kinds.enumerated() {
            guard let old = renamed["try_\(number)"] else { continue }
            let tail = Self.resized(
                old, from: facts.column.dimension ?? facts.watch.identity.dimension, to: facts.identity.dimension)
            do {
                try await transaction.script(create(kind, number, tail: tail), name: "try index \(kind.name)")
            } catch let error as PostgresError where error.code == .server && !error.isConnectionFailure {
                throw TableProblem.indexImpossible(
                    table: facts.shape.displayName, index: kind.name, reason: error.message)
            }
            tails[kind.tail] = tail
        }
        return tails
    }

    /// A row of the table's own with a vector as long as the new ones: it fails where all of them would. An empty table
    /// has none, and nothing that takes long.
    private func row() -> String {
        let others = facts.shape.columns.map(\.name).filter { $0 != facts.spec.embedding && $0 != facts.next }
        let columns = others.map { quoteIdentifier($0) + ", " }.joined()
        return """
            INSERT INTO \(quoted) (\(columns)\(quoteIdentifier(facts.next)))
            SELECT \(columns)(
                SELECT pg_catalog.array_agg(pg_catalog.sin(i::pg_catalog.float8)::pg_catalog.float4)
                FROM pg_catalog.generate_series(1, \(facts.identity.dimension)) AS i
            )::\(facts.nextType)
            FROM \(facts.shape.quoted) LIMIT 1;
            """
    }

    private func create(_ index: ReembedFacts.Index, _ number: Int, tail: String) -> String {
        "CREATE \(index.isUnique ? "UNIQUE " : "")INDEX try_\(number) ON \(quoted) USING \(tail)"
    }

    /// A definition with the vectors' length in casts, `(embedding)::halfvec(1536)`, changed; not within quotes.
    static func resized(_ tail: String, from old: Int?, to new: Int) -> String {
        guard let old, old != new else { return tail }
        let suffix = Array("(\(old))".utf8)
        let types = ["vector", "halfvec", "sparsevec", "bit", "\"vector\"", "\"halfvec\""].map { Array($0.utf8) }
        var result: [UInt8] = []
        var quote: UInt8?
        let bytes = Array(tail.utf8)
        var at = 0
        while at < bytes.count {
            let byte = bytes[at]
            if quote == nil, bytes[at...].starts(with: suffix), types.contains(where: { result.ends(withWord: $0) }) {
                result += Array("(\(new))".utf8)
                at += suffix.count
                continue
            }
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                quote = byte
            }
            result.append(byte)
            at += 1
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Whether these bytes are the last word of it.
    fileprivate func ends(withWord word: [UInt8]) -> Bool {
        guard count >= word.count, suffix(word.count).elementsEqual(word) else { return false }
        guard let before = dropLast(word.count).last else { return true }
        let isPart =
            before == UInt8(ascii: "_") || before >= 0x80 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= before
            || UInt8(ascii: "a")...UInt8(ascii: "z") ~= before | 0x20
        return !isPart
    }
}
