import Backfill
import PostgresClient
import TestSupport

/// Judges a run when everything is well again and nobody writes any more.
struct FaultReferee {
    let lab: Lab
    let provider: Provider
    let daemons: [FaultDaemon]

    /// How long after the last fault, and then after each row that is done, the next must be: a heartbeat, a session that is found to be dead, a
    /// connection that is tried again, and much for a machine with other work.
    static let patience = Duration.seconds(20)

    /// Waits until every row that can have a vector has it, and says how long that took; then until the others are set
    /// aside.
    func settled() async throws -> Duration {
        let begin = ContinuousClock.now
        let healthy = "embedding IS NULL AND COALESCE(topic, '') NOT LIKE '%\(Provider.poison)%'"
        var left = Int.max
        while left > 0 {
            // What the faults have left may be thousands of rows for a daemon that is set to embed ten at a time.
            left = try await eventuallyValue("fewer healthy rows pending than \(left)", within: Self.patience) {
                let now = try await lab.number("SELECT count(*) FROM notes WHERE \(healthy)")
                return now < left ? now : nil
            }
        }
        let settling = ContinuousClock.now - begin
        try await eventually("every poisoned row set aside", within: Self.patience) {
            try await lab.number("SELECT count(*) FROM notes WHERE embedding IS NULL AND NOT (\(Self.isAside))") == 0
        }
        return settling
    }

    /// What the ledger has to say of a row that is left without a vector.
    private static var isAside: String {
        """
        topic LIKE '%\(Provider.poison)%' AND EXISTS (
            SELECT FROM backfilld.failure AS f WHERE f.key = notes.id::text AND f.next_try = 'infinity')
        """
    }

    /// Rows with a wrong vector, rows that are set aside and should not be.
    func rows() async throws -> [String] {
        var violations: [String] = []
        let rows = try await lab.user.execute(
            Statement("the referee", "SELECT id::text, topic, own, mark, embedding::text FROM notes"))
        for row in rows {
            let (key, topic): (String, String?) = (try row.decode(0), try row.decode(1))
            let vector = try row.decode(4, as: String?.self)
            guard let vector else {
                if !Provider.isPoisoned(topic ?? "") { violations.append("row \(key) has no vector") }
                continue
            }
            let found = vector.dropFirst().dropLast().split(separator: ",").compactMap { Float($0) }
            let right = expected(topic, own: try row.decode(2), mark: try row.decode(3))
            if found.count != right.count || !zip(found, right).allSatisfy({ abs($0 - $1) < 0.001 }) {
                violations.append("row \(key) has another text's vector: \(vector) for \(topic ?? "NULL")")
            }
        }
        return violations
    }

    /// Entries of the ledger that no provider is to blame for; looked at before it is cleared. Of the provider's own words
    /// about a text nothing is told.
    func charges() async throws -> [String] {
        try await lab.values(
            """
            SELECT format('row %s was charged: %s', key, reason) FROM backfilld.failure
            WHERE reason NOT LIKE '%answers 400%' AND reason NOT LIKE '%its vector has%' AND reason NOT LIKE '%finite%'
            """
        ).compactMap(\.self)
    }

    /// Whether the ledger has the poisoned rows, and in time nothing else.
    func ledger() async throws -> [String] {
        let strangers = """
            SELECT format('an entry is left: %s %s', f.key, f.reason) FROM backfilld.failure AS f
            WHERE NOT EXISTS (
                SELECT FROM notes AS n
                WHERE n.id::text = f.key AND n.embedding IS NULL AND n.topic LIKE '%\(Provider.poison)%')
            """
        do {
            try await eventually("the ledger purged", within: .seconds(60)) { try await lab.values(strangers).isEmpty }
            return []
        } catch is DeadlineMissed {
            return try await lab.values(strangers).compactMap(\.self)
        }
    }

    private func expected(_ topic: String?, own: String?, mark: Int32?) -> [Float] {
        let size = ProbeEmbedder.dimension
        if let mark, let own, own == topic { return [Float(mark)] + [Float](repeating: 1, count: size - 1) }
        guard let topic, !topic.allSatisfy(\.isWhitespace) else { return [Float](repeating: 0, count: size) }
        return lab.embedder.vector(of: topic)
    }

    /// Texts that were embedded twice by daemons that never lost their sessions.
    func doubleWork() -> [String] {
        // A daemon that has lost its session finishes what it has begun, and so does whoever takes it over.
        var embedded: [String: [String]] = [:]
        for life in daemons.flatMap(\.lives) where life.isUnbroken {
            for text in life.events.compactMap(\.texts).joined() { embedded[text, default: []].append(life.name) }
        }
        return embedded.compactMap { text, clients in
            // What a daemon asks to find out whether the provider is well is nobody's text.
            guard FaultScript.wrote(text), clients.count > 1 else { return nil }
            return "embedded \(clients.count) times, by \(clients): \(text.prefix(60))"
        }
    }

    /// Locks of the handshake and of claims that are left although there is nothing to do.
    func locks() async throws -> [String] {
        let question = """
            SELECT format('%s %s %s by %s', classid, objid, mode, pid) FROM pg_locks
            WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND classid IN (1650879587, 1650879595, 1650879608)
            """
        do {
            try await eventually("no lock left", within: .seconds(60)) { try await lab.values(question).isEmpty }
            return []
        } catch is DeadlineMissed {
            let said = "SELECT a::text FROM backfilld.activity AS a"
            return try await lab.values(question).map { "a lock is left: \($0 ?? "")" }
                + lab.values(said).map { "a daemon said: \($0 ?? "")" }
        }
    }
}
