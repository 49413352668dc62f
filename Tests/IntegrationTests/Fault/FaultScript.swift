import TestSupport

/// What one user does to the table, statement by statement, drawn from a seed.
///
/// Every text that it writes is new, so that a text belongs to one row and one moment: a text that is embedded twice is
/// work done twice. A vector of the user's own carries a number that the row has too, with the text it was given for.
struct FaultScript: Sendable {
    /// `id`, the text, a column of no meaning, and the text and number of a vector of the user's own.
    static let table = """
        CREATE TABLE notes (
            id bigint PRIMARY KEY, topic text, other integer DEFAULT 0, own text, mark integer, embedding {embedding})
        """

    /// Whether a text is one of a user's, which are all different.
    static func wrote(_ text: String) -> Bool { text.hasPrefix("text ") || text.hasPrefix("copied ") }

    private let user: Int
    private let users: Int
    private let hasVectors: Bool
    private var random: SeededRandom
    private var rows = 0
    private var texts = 0

    init(user: Int, of users: Int, seed: UInt64, hasVectors: Bool) {
        self.user = user
        self.users = users
        self.hasVectors = hasVectors
        random = SeededRandom(seed: seed &* 1_000 &+ UInt64(user))
    }

    /// The statements of one step, each sent when the one before has ended; the rest is left out where one fails.
    mutating func next() -> [String] {
        let step: [String]
        switch random.below(40) {
        case 0..<10: step = [insert()]
        case 10..<13: step = [insertMany()]
        case 13..<15: step = [copy()]
        case 15..<20: step = [updateText()]
        case 20..<23: step = [updateOther()]
        case 23..<25: step = [delete()]
        case 25..<27: step = [upsert(), upsert()]
        case 27..<29: step = ["BEGIN", insert(), change(), "ROLLBACK"]
        case 29..<31:
            step = ["BEGIN", insert(), "SAVEPOINT s", insertMany(), change(), "ROLLBACK TO s", change(), "COMMIT"]
        case 31..<33: step = ["BEGIN", change(), insertMany(), think(1_500), end()]
        case 33: step = [random.chance(0.2) ? "TRUNCATE notes" : merge()]
        default: step = [withOwnVector()]
        }
        return step + [think(60)]
    }

    // MARK: Statements

    private mutating func insert() -> String {
        rows += 1
        return "INSERT INTO notes (id, topic) VALUES (\(key(rows)), \(text()))"
    }

    private mutating func insertMany() -> String {
        let (first, last) = newRows(2 + random.below(100))
        return """
            INSERT INTO notes (id, topic) SELECT i, \(text("i")) FROM generate_series(\(first), \(last)) AS i
            """
    }

    private mutating func copy() -> String {
        let (first, last) = newRows(1 + random.below(150))
        texts += 1
        return """
            COPY notes (id, topic) FROM PROGRAM
            'awk ''BEGIN { for (i = \(first); i <= \(last); i++) printf "%d\\tcopied \(user)-\(texts) %d\\n", i, i }'''
            """
    }

    private mutating func updateText() -> String { "UPDATE notes SET topic = \(text("id")) WHERE \(some())" }
    private mutating func updateOther() -> String { "UPDATE notes SET other = other + 1 WHERE \(some())" }
    private mutating func delete() -> String { "DELETE FROM notes WHERE \(some())" }

    private mutating func upsert() -> String {
        // The same few keys for all users.
        let values = Set((0...random.below(5)).map { _ in random.below(300) }).sorted()
            .map { "(-\($0), \(text()))" }.joined(separator: ", ")
        let action = random.chance(0.3) ? "NOTHING" : "UPDATE SET topic = EXCLUDED.topic"
        return "INSERT INTO notes (id, topic) VALUES \(values) ON CONFLICT (id) DO \(action)"
    }

    private mutating func merge() -> String {
        """
        MERGE INTO notes USING (VALUES (-\(random.below(300)), \(text()))) AS s (id, topic) ON notes.id = s.id
        WHEN MATCHED THEN UPDATE SET topic = s.topic WHEN NOT MATCHED THEN INSERT (id, topic) VALUES (s.id, s.topic)
        """
    }

    private mutating func withOwnVector() -> String {
        let text = text(mayBeNull: false)
        texts += 1
        let mark = user * 100_000 + texts
        let components = "\(mark)" + String(repeating: ",1", count: ProbeEmbedder.dimension - 1)
        let vector = hasVectors ? "'[\(components)]'" : "'{\(components)}'"
        switch random.below(3) {
        case 0:
            rows += 1
            return """
                INSERT INTO notes (id, topic, own, mark, embedding)
                VALUES (\(key(rows)), \(text), \(text), \(mark), \(vector))
                """
        case 1:
            return """
                UPDATE notes SET topic = \(text), own = \(text), mark = \(mark), embedding = \(vector)
                WHERE id = \(someKey())
                """
        default:
            return
                "UPDATE notes SET own = topic, mark = \(mark), embedding = \(vector) WHERE topic IS NOT NULL AND \(some())"
        }
    }

    private mutating func change() -> String {
        [updateText(), updateOther(), delete(), upsert(), withOwnVector()][random.below(5)]
    }

    private mutating func end() -> String { random.chance(0.7) ? "COMMIT" : "ROLLBACK" }

    private mutating func think(_ most: Int) -> String {
        "SELECT pg_sleep(\(Double(random.below(most)) / 1_000))"
    }

    // MARK: Keys and texts

    private func key(_ row: Int) -> Int { user * 1_000_000 + row }

    private mutating func newRows(_ count: Int) -> (first: Int, last: Int) {
        rows += count
        return (key(rows - count + 1), key(rows))
    }

    /// A row that may well be there, of any user: the others have made about as many.
    private mutating func someKey() -> Int {
        if random.chance(0.2) { return -random.below(300) }
        return random.below(users) * 1_000_000 + 1 + random.below(max(rows, 1))
    }

    private mutating func some() -> String {
        let key = someKey()
        return "id BETWEEN \(key) AND \(key + [0, 0, 3, 30][random.below(4)])"
    }

    /// SQL for a text that nobody has written before; behind it, if given, an expression that is another for each row.
    private mutating func text(_ perRow: String? = nil, mayBeNull: Bool = true) -> String {
        texts += 1
        if mayBeNull, random.chance(0.02) { return "NULL" }
        let kinds = ["", " \u{e9}e\u{301} ''quoted''", " \\ \u{1f3b5}\n\ttabs", String(repeating: " long", count: 200)]
        let poison = random.chance(perRow == nil ? 0.02 : 0.005) ? Provider.poison : ""
        let words = "'text \(user)-\(texts)\(kinds[random.below(kinds.count)])\(poison)'"
        return perRow.map { "\(words) || ' ' || \($0)" } ?? words
    }
}
