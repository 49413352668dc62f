import Foundation
import TestSupport
import Testing

@Suite("backfilld search, as a user runs it")
struct SearchProcessTests {
    private static func make() async throws -> Workplace {
        let place = try await Workplace.make(rows: 40)
        try await place.run("backfill").expect(.code(0))
        return place
    }

    @Test("It finds the very row first, shows it for people, and as JSON")
    func finds() async throws {
        let place = try await Self.make()
        let found = try await place.run("search", "-k", "3", "7 topic").expect(.code(0))
        #expect(found.output.contains("public.music_knowledge: 3 rows, exact, in "))
        #expect(found.output.contains("7 topic"))
        #expect(!found.output.contains("\u{1b}"))
        let report = try await place.run("search", "--json", "--mode", "text", "-k", "5", "9", "topic").expect(.code(0))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [String: Any])
        #expect(object["table"] as? String == "public.music_knowledge" && object["mode"] as? String == "text")
        #expect(object["way"] as? String == "exact" && object["index"] is NSNull && object["took_ms"] is NSNumber)
        #expect(object["embed_ms"] as? Double == 0)
        let hits = try #require(object["hits"] as? [[String: Any]])
        #expect(hits.count == 1 && hits[0]["key"] as? String == "9" && hits[0]["similarity"] is NSNull)
        #expect((hits[0]["rank"] as? [String: Any])?["text"] as? Int == 1)
        let part = try #require((hits[0]["parts"] as? [[String: Any]])?.first)
        #expect(part["marks"] is [[Int]])
    }

    @Test("Nothing found is no failure; what cannot be asked is, and says what to do")
    func failures() async throws {
        let place = try await Self.make()
        let nothing = try await place.run("search", "--mode", "text", "trombone").expect(.code(0))
        #expect(nothing.output.contains("nothing found"))
        let column = try await place.run("search", "--filter", "categry=x", "topic")
        #expect(column.exit == .code(64) && column.errors.contains("did you mean category?"))
        let value = try await place.run("search", "--filter", "id=x", "topic")
        #expect(value.exit == .code(64) && value.errors.contains("\"x\" is no value of column \"id\""))
        #expect(try await place.run("search").exit == .code(64))
        #expect(try await place.run("search", "--filter", "x", "topic").exit == .code(64))
        #expect(try await place.run("search", "-k", "0", "topic").exit == .code(64))
        // Vectors of another model can't be compared with the table's.
        let model = try await place.run("search", "topic", environment: ["BACKFILLD_HASH_DIMENSION": "9"])
        #expect(model.exit == .code(78))
        let columns = try await place.run("search", "--columns").expect(.code(0))
        #expect(columns.output.contains("category (text): general"))
    }
}
