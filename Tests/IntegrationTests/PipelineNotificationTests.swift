import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Notifications, ours and everybody's", .inLanes)
struct PipelineNotificationTests {
    private static let calm = RetrySettings(first: .seconds(30), longest: .seconds(60), attempts: 3)

    /// Payloads that nobody of ours sends. `$W` stands for the table's number.
    static let hostile: [String] = [
        "", " ", "$W ", "$W []", "$W [", "$W ]", "$W {}", "$W null", "$W [null]", "$W [1]", "$W [[\"1\"]]", "$W \"1\"",
        "$W [\"1\"] ", "$W  [\"1\"]", "0", "-1", "+$W", "00$W", "99999999999999999999", "2147483647",
        "2147483648", "７", "$W [\"\"]", "$W [\"x\"]", "$W [\"1; DROP TABLE notes\"]", "$W [\"1' OR '1'='1\"]",
        "$W [\"1\\u0000\"]", "$W [\"\\ud800\"]", "$W [\"1e400\"]", "$W [\"NaN\"]", "$W [\"99999999999999999999\"]",
        "$W [\"1\",\"x\"]", "$W [\"{1,2}\"]", "$W [\"NULL\"]", "$W [\"-9223372036854775808\"]", "$W [\" 1 \"]",
        "$W [\"1\",\"1\",\"1\"]", "$W [\"\\u202e1\"]", "echo 1", "drop table notes", "$W [\"12345\"", "$W [\"1\"]]",
    ]

    private static func literal(_ payload: String, _ watch: Int) -> String {
        quoteLiteral(payload.split(separator: "$W", omittingEmptySubsequences: false).joined(separator: "\(watch)"))
    }

    @Test("each hostile notification alone harms nobody", arguments: ["bigint", "uuid", "text", "timestamptz"])
    func oneByOne(_ keyType: String) async throws {
        let key = [
            "bigint": "i", "uuid": "gen_random_uuid()", "text": "'k' || i", "timestamptz": "now() + i * interval '1 s'",
        ][keyType]!
        for flavour in PostgresServer.Flavour.allCases {
            let lab = try await Lab.make(flavour, [LabTable(keyType: keyType)])
            let watch = try await lab.number("SELECT id FROM backfilld.watch")
            // One failure that everything waits after would show: the pause would be longer than the test.
            try await lab.withDaemon(LabSettings(heartbeat: .seconds(1), retry: Self.calm)) { daemon in
                for (number, payload) in Self.hostile.enumerated() {
                    try await lab.run("SELECT pg_notify('backfilld', \(Self.literal(payload, watch)))")
                    try await lab.run(
                        "INSERT INTO notes SELECT \(key), 'row ' || i FROM generate_series(\(number), "
                            + "\(number)) AS i")
                }
                try await lab.allRight()
                #expect(daemon.told.troubles == [])
                #expect(daemon.told.listening == 1)
            }
            #expect(lab.embedder.texts.count == Self.hostile.count)
        }
    }

    @Test("a change of notify is heeded with the next heartbeat", arguments: PostgresServer.Flavour.allCases)
    func changed(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.withDaemon(LabSettings(heartbeat: .seconds(1))) { daemon in
            try await daemon.tells("listening") { !$0.isPolling }
            try await lab.setUp(lab.tables[0], notify: .off)
            try await daemon.heartbeats(2)
            try await daemon.tells("polling") { $0.isPolling }
            try await lab.run("INSERT INTO notes VALUES (1, 'found by looking')")
            try await lab.allRight()
            try await lab.setUp(lab.tables[0], notify: .ids)
            try await daemon.heartbeats(2)
            try await daemon.tells("listening again") { !$0.isPolling }
            try await lab.run("INSERT INTO notes VALUES (2, 'announced')")
            try await lab.allRight()
        }
    }

    @Test("10,000 hostile notifications at once harm nobody", arguments: PostgresServer.Flavour.allCases)
    func flood(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        let watch = try await lab.number("SELECT id FROM backfilld.watch")
        let payloads = Self.hostile.map { Self.literal($0, watch) }.joined(separator: ", ")
        try await lab.withDaemon(LabSettings(retry: Self.calm)) { daemon in
            // The same twice in a transaction is sent once: a random key goes with half of them.
            try await lab.run(
                """
                DO $flood$
                DECLARE payloads text[] := ARRAY[\(payloads)]; big text := repeat('x', 7000);
                BEGIN
                    FOR i IN 1..5000 LOOP
                        PERFORM pg_notify('backfilld', payloads[1 + i % array_length(payloads, 1)]
                            || CASE WHEN i % 3 = 0 THEN ' ' || i ELSE '' END);
                        PERFORM pg_notify('backfilld', '\(watch) ["' || i || CASE WHEN i % 2 = 0 THEN 'x' ELSE '' END || '"]');
                        IF i % 100 = 0 THEN PERFORM pg_notify('backfilld', '\(watch) ["' || i || big || '"]'); END IF;
                    END LOOP;
                END $flood$
                """)
            try await lab.run("INSERT INTO notes VALUES (1, 'real'), (2, 'as real')")
            try await lab.allRight()
            #expect(daemon.told.troubles == [])
        }
        #expect(lab.embedder.texts.sorted() == ["as real", "real"])
    }

    @Test("somebody else's table number, and another channel, are none of ours", arguments: [0, 1])
    func others(_ flavour: Int) async throws {
        let lab = try await Lab.make(PostgresServer.Flavour.allCases[flavour])
        try await lab.withDaemon(LabSettings(heartbeat: .seconds(60))) { daemon in
            let scans = try await daemon.listens()
            try await lab.run("SELECT pg_notify('backfilld', '777 [\"1\"]'), pg_notify('Backfilld', '1')")
            try await lab.run("INSERT INTO notes VALUES (1, 'a')")
            try await lab.allRight()
            #expect(daemon.told.wakeups == 2)
            #expect(daemon.told.scans == scans)
        }
    }

    @Test("every way to notify finds the rows", arguments: [NotifyMode.ids, .wake, .off])
    func modes(_ mode: NotifyMode) async throws {
        for flavour in PostgresServer.Flavour.allCases {
            let lab = try await Lab.make(flavour, notify: mode)
            try await lab.withDaemon(LabSettings(heartbeat: .seconds(mode == .off ? 1 : 60))) { daemon in
                try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 3) AS i")
                try await lab.allRight()
                // A writer sends nothing to a daemon that polls.
                if mode != .off { _ = try await daemon.listens() }
                try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(4, 1003) AS i")
                try await lab.allRight()
                #expect((daemon.told.wakeups > 0) == (mode != .off))
            }
        }
    }

    @Test("keys too long to be sent are looked for", arguments: PostgresServer.Flavour.allCases)
    func longKeys(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour, [LabTable(keyType: "text")])
        try await lab.withDaemon(LabSettings(heartbeat: .seconds(60))) { _ in
            // 499 keys of up to 16 bytes, with escapes: around the 7,999 bytes that NOTIFY takes.
            for length in [10, 11, 12, 13, 14, 2000] {
                try await lab.run(
                    "INSERT INTO notes SELECT i || repeat('\"', \(length / 2)) || repeat('k', \(length)), 'about ' || i "
                        + "FROM generate_series(1, \(length == 2000 ? 9 : 400)) AS i")
                try await lab.allRight()
            }
        }
    }
}
