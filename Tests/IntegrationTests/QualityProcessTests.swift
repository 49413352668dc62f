import Foundation
import TestSupport
import Testing

@Suite("backfilld quality, as a user runs it")
struct QualityProcessTests {
    @Test("It prints its figures for people, as JSON, and as a page that needs nothing else")
    func prints() async throws {
        let place = try await Workplace.make(rows: 60)
        try await place.run("backfill").expect(.code(0))
        let people = try await place.run("quality").expect(.code(0))
        #expect(people.output.contains("public.music_knowledge: 60 vectors looked at, hash:sha256-sincos, in "))
        #expect(people.output.contains("good     Coverage"))
        #expect(!people.output.contains("\u{1b}"))
        let page = NSTemporaryDirectory() + "quality-\(UUID().uuidString).html"
        defer { try? FileManager.default.removeItem(atPath: page) }
        let report = try await place.run("quality", "--json", "--html", page).expect(.code(0))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [String: Any])
        let table = try #require((object["tables"] as? [[String: Any]])?.first)
        #expect(table["table"] as? String == "public.music_knowledge" && table["at"] is String)
        let figures = try #require(table["figures"] as? [[String: Any]])
        #expect(figures.count == 13)
        for figure in figures {
            #expect(figure["title"] is String && figure["good"] is String && figure["says"] is String)
            #expect(["good", "fair", "bad", "unknown"].contains(figure["verdict"] as? String ?? ""))
            for name in ["value", "do", "detail", "series"] { #expect(figure[name] != nil, "\(name)") }
        }
        let agreement = try #require(figures.first { $0["name"] as? String == "agreement" })
        #expect(agreement["verdict"] as? String == "good")
        let html = try String(contentsOfFile: page, encoding: .utf8)
        #expect(html.hasPrefix("<!doctype html>") && html.contains("<svg") && html.contains("default-src 'none'"))
        #expect(
            !html.contains("<script") && !html.contains("http://") && !html.contains("https://")
                && !html.contains("style=\""))
    }

    @Test("What cannot be done is said; --strict ends with 1 where a figure is bad, and other runs with 0")
    func failures() async throws {
        let place = try await Workplace.make(rows: 60)
        // Nothing is embedded: the coverage is bad.
        try await place.run("quality", "--no-embed", "--no-history").expect(.code(0))
        #expect(try await place.run("quality", "--strict", "--no-embed").exit == .code(1))
        #expect(try await place.run("quality", "--sample", "3").exit == .code(64))
        let page = try await place.run("quality", "--html", "/nowhere/page.html")
        #expect(page.exit == .code(74) && page.errors.contains("/nowhere/page.html cannot be written"))
        #expect(try await place.run("quality", environment: ["BACKFILLD_HASH_DIMENSION": "9"]).exit == .code(78))
    }
}
