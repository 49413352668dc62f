import Glibc
import TestSupport
import Testing

/// `backfilld reembed` as a user has it.
@Suite("The command reembed", .serialized)
struct ReembedProcessTests {
    private static let wide = ["BACKFILLD_HASH_DIMENSION": "16"]

    @Test("Killed in the middle and run again it goes on; the daemon of the old model ends, to be started again")
    func killed() async throws {
        let place = try await Workplace.make(rows: 1500)
        try await place.run("backfill").expect(.code(0))
        let daemon = try await place.startDaemon()
        // Slow enough to be killed: 2 ms a row.
        try await place.database.psql(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.002); RETURN NEW; END';
            CREATE TRIGGER slow BEFORE UPDATE ON music_knowledge FOR EACH ROW EXECUTE FUNCTION slow()
            """)
        let first = try place.start(["reembed"], environment: Self.wide)
        try await eventually("rows have their new vector", polling: .milliseconds(50)) {
            // Until the column is there, psql fails.
            let answer = try? await place.database.psql("SELECT count(embedding_next) > 0 FROM music_knowledge")
            return answer == "t"
        }
        first.send(SIGKILL)
        _ = try await first.exit()
        try await place.run("status").expect(
            .code(0), "reembed    to sha256-sincos", "of the rows have their new vector")
        try await place.run("check").expect(.code(0), "it is being embedded anew")
        try await eventually("its sessions have ended") {
            try await place.database.psql(
                """
                SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1650879588
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """) == "0"
        }
        try await place.database.psql("DROP TRIGGER slow ON music_knowledge")
        let left = try await place.database.psql("SELECT count(*) FROM music_knowledge WHERE embedding_next IS NULL")
        #expect(left != "0" && left != "1500")
        let second = try await place.run("reembed", environment: Self.wide).expect(
            .code(0), "by hash with sha256-sincos (16 dimensions)", "column embedding_previous")
        #expect(second.output.contains("\(left == "1000" ? "1,000" : grouped(left)) rows embedded"), "\(second)")
        #expect(try await place.database.psql("SELECT DISTINCT vector_dims(embedding) FROM music_knowledge") == "16")

        try await place.insert(2000...2000)
        #expect(try await daemon.exit() == .code(75))
        #expect(daemon.count("takes no more vectors from this process") == 1, "\(daemon.lines)")
        #expect(try await place.pending() == 1)
        try await place.run("run").expect(
            .code(78), "column \"embedding\" of table public.music_knowledge holds vectors of 16 components")
        let next = try await place.startDaemon(environment: Self.wide)
        try await place.allEmbedded()
        try await next.stop()
        try await place.run("reembed", "--drop-old", environment: Self.wide).expect(
            .code(0), "embedding_previous dropped")
        try await place.run("reembed", environment: Self.wide).expect(.code(0), "nothing to do")
    }

    @Test("Options that go against each other, --print, --abandon without a run")
    func options() async throws {
        let place = try await Workplace.make(rows: 3)
        try await place.run("reembed", "--drop-old", "--in-place").expect(.code(64))
        try await place.run("reembed", "--abandon", "--print").expect(.code(64))
        try await place.run("reembed", "--abandon").expect(.code(0), "no reembed is under way")
        let script = try await place.run("reembed", "--print", environment: Self.wide).expect(.code(0)).output
        #expect(script.contains("ADD COLUMN \"embedding_next\" \"public\".vector(16);"), "\(script)")
        #expect(try await place.database.psql("SELECT count(*) FROM backfilld.reembed") == "0")
    }

    private func grouped(_ number: String) -> String {
        number.count > 3 ? number.dropLast(3) + "," + number.suffix(3) : number
    }
}
