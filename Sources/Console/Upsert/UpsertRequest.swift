import Backfill
import SentenceEncoder

/// The body of `POST /api/upsert-embeddings`, the first version's contract, read and checked.
struct UpsertRequest: Equatable {
    /// The rows that were named, each once, in their order.
    var keys: [RowKey]
    /// How many were named.
    var processed: Int
    /// Beyond the first version's: which table; nil for the first.
    var table: String?

    /// Rows in one request.
    static let most = 10_000

    /// - Throws: ``Refused``.
    init(_ body: [UInt8]) throws(Refused) {
        let json = try ConsoleBody.object(body)
        guard let rows = json["rows"]?.elements, !rows.isEmpty else {
            throw .bad("rows is missing or empty: a list of objects with id and text")
        }
        guard rows.count <= Self.most else { throw .bad("rows has more than \(Self.most); send several requests") }
        var seen: Set<RowKey> = []
        keys = []
        for (number, row) in rows.enumerated() {
            guard let id = row["id"]?.text ?? row["id"]?.int.map({ String($0) }), !id.isEmpty, !id.utf8.contains(0)
            else {
                throw .bad("row \(number + 1) has no id")
            }
            guard row["text"]?.text != nil else { throw .bad("row \(number + 1) has no text") }
            let key = RowKey(id)
            if seen.insert(key).inserted { keys.append(key) }
        }
        processed = rows.count
        if let name = json["table"], !name.isNull {
            guard let text = name.text else { throw .bad("\"table\" is no text") }
            table = text
        }
    }

    /// What was found of rows that were asked for.
    struct Outcome: Equatable {
        var updated = 0
        var missing = 0
        var waiting = 0
        /// Why rows wait, where that is known.
        var why: String?

        /// - Parameter rows: Each at the place of the key that it was asked for by, nil where there is none.
        init(_ rows: [EmbeddedRows.Row?], why: String? = nil) {
            // Two ways of writing a key are one row.
            let found = Dictionary(rows.compactMap { row in row.map { ($0.key, $0.isEmbedded) } }) { $0 && $1 }
            missing = rows.count { $0 == nil }
            updated = found.values.count { $0 }
            waiting = found.count - updated
            self.why = waiting > 0 ? why : nil
        }
    }

    /// The answer, in the first version's words; what it had no words for comes behind them.
    func answer(_ outcome: Outcome) -> JSONTree {
        var message = "Successfully processed \(processed) embeddings"
        if outcome.missing > 0 { message += "; \(outcome.missing) of the rows do not exist" }
        if outcome.waiting > 0 {
            message += "; \(outcome.waiting) rows are not embedded yet" + (outcome.why.map { ": \($0)" } ?? "")
        }
        return [
            "success": true, "processed": .integer(processed), "updated": .integer(outcome.updated),
            "message": .string(message),
        ]
    }
}
