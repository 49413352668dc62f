import Foundation
import Systemd
import TestSupport
import Testing

@testable import backfilld

/// The vocabulary of the journal: what the code can say, what the catalog explains and what the page lists are the same.
@Suite struct JournalEventTests {
    private static let root = URL(fileURLWithPath: repositoryRoot)
    private static let catalogPath = root.appending(path: "systemd/backfilld.catalog").path

    /// The catalog's entries by their ids: headers and text.
    private func catalog() throws -> [String: String] {
        let text = try String(contentsOfFile: Self.catalogPath, encoding: .utf8)
        let parts = "\n\(text)".components(separatedBy: "\n-- ").dropFirst()
        return try Dictionary(
            parts.map { (String($0.prefix(32)), String($0.dropFirst(33))) },
            uniquingKeysWith: { _, _ in throw RepeatedEntry() })
    }

    private struct RepeatedEntry: Error {}

    @Test("Ids are 128 bits in small hexadecimal, and the constants of other modules are the same")
    func ids() {
        for event in JournalEvent.allCases {
            #expect(event.id.wholeMatch(of: /[0-9a-f]{32}/) != nil, "\(event)")
        }
        #expect(JournalEvent.watchdogStuck.id == Watchdog.stuckID)
        #expect(JournalEvent.watchdogRecovered.id == Watchdog.recoveredID)
        #expect(JournalEvent.entriesLost.id == LogEntry.entriesLostID)
    }

    @Test("Every id has an entry in the catalog, and every entry an event")
    func entries() throws {
        let catalog = try catalog()
        #expect(Set(catalog.keys) == Set(JournalEvent.allCases.map(\.id)))
        for (id, entry) in catalog {
            let parts = entry.components(separatedBy: "\n\n")
            #expect(parts[0].contains(/^Subject: \S.*\nDefined-By: backfilld\n/), "\(id): \(parts[0])")
            #expect(parts.dropFirst().joined().count > 40, "\(id) explains nothing")
            #expect(!entry.split(separator: "\n").contains { $0.count > 100 }, "\(id)")
        }
    }

    @Test(
        "A field that an entry of the catalog refers to is one that its event always has",
        arguments: JournalEvent.allCases)
    func references(_ event: JournalEvent) throws {
        let entry = try #require(try catalog()[event.id])
        let known = Set(event.fields.map(Self.fieldName) + ["MESSAGE"])
        let named = Set(entry.matches(of: /@([A-Z_0-9]+)@/).map { String($0.1) })
        #expect(named.isSubset(of: known), "\(named.subtracting(known))")
    }

    @Test("Every event is found in the page on troubles", arguments: JournalEvent.allCases)
    func troubleshooting(_ event: JournalEvent) throws {
        let page = try String(
            contentsOf: Self.root.appending(path: "docs/troubleshooting.md"), encoding: .utf8)
        #expect(page.contains("`\(event)`"))
    }

    @Test("Every event is told somewhere")
    func callSites() throws {
        var code = ""
        for module in ["backfilld", "Systemd"] {
            let folder = Self.root.appending(path: "Sources/\(module)")
            let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
            for case let file as URL in files where file.pathExtension == "swift" {
                let text = try String(contentsOf: file, encoding: .utf8)
                // The vocabulary is no call site, but for the choice of the event that an error ends the daemon with.
                let isVocabulary = file.lastPathComponent == "JournalEvent.swift"
                let told = try isVocabulary ? #require(text.components(separatedBy: "static func ending").last) : text
                guard isVocabulary || told.contains("tell(") || told.contains("LogEntry") else { continue }
                // Without spaces and newlines, as bytes: a debug build takes its time over characters.
                code += String(decoding: told.utf8.filter { $0 > UInt8(ascii: " ") }, as: UTF8.self)
            }
        }
        for event in JournalEvent.allCases {
            let ways = [
                "tell(.\(event),", "tell(as:.\(event))", "LogEntry.event:\"\(event)\"", "(LogEntry.event,\"\(event)\")",
                "(.\(event),\"", ":.\(event)default:", ":.\(event)}",
            ]
            #expect(ways.contains { code.contains($0) }, "\(event)")
        }
    }

    @Test("docs/journal.md lists every event with its id, priority and fields, and every field")
    func page() throws {
        let page = try String(contentsOf: Self.root.appending(path: "docs/journal.md"), encoding: .utf8)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { row in
            row.components(separatedBy: " | ").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "| ")) }
        }
        for event in JournalEvent.allCases {
            let row = try #require(rows.first { $0[0] == "`\(event)`" }, "\(event) is missing")
            #expect(row[1] == "`\(event.id)`")
            #expect(row[2].hasSuffix(" \(event.level)"), "\(event): \(row[2])")
            let fields = Set(row[3].matches(of: /`(\w+)`/).map { String($0.1) })
            #expect(fields == Set(event.fields.map(Self.fieldName)), "\(event)")
        }
        for key in JournalKey.allCases {
            #expect(rows.contains { $0[0] == "`\(Self.fieldName(key))`" }, "\(key) is missing")
        }
        let events = rows.filter { $0.count == 5 }.map { $0[0] }
        #expect(events.count == JournalEvent.allCases.count, "a row of no event, or one that is there twice")
    }

    @Test("journalctl takes the catalog, and finds every entry in it")
    func accepted() async throws {
        let folder = ConfigurationFolder()
        let place = "\(folder.path)/usr/lib/systemd/catalog"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/var/lib/systemd/catalog", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Self.catalogPath, toPath: "\(place)/backfilld.catalog")
        let update = try await RunningProcess.run("journalctl", ["--root=\(folder.path)", "--update-catalog"])
        #expect(update.exit == .code(0) && (update.output + update.errors).isEmpty, "\(update)")
        let list = try await RunningProcess.run("journalctl", ["--root=\(folder.path)", "--list-catalog"])
        for event in JournalEvent.allCases { #expect(list.output.contains("\(event.id) backfilld: "), "\(event)") }
    }

    /// `silentMs` is `BACKFILLD_SILENT_MS`.
    private static func fieldName(_ key: JournalKey) -> String {
        "BACKFILLD_" + key.rawValue.replacing(/[A-Z]/) { "_\($0.0)" }.uppercased()
    }
}
