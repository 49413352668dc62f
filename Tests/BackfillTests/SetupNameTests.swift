import Testing

@testable import Backfill

struct SetupNameTests {
    @Test(arguments: [
        ("music_knowledge", nil, "music_knowledge"),
        ("public.music_knowledge", "public", "music_knowledge"),
        ("Public.Music", "public", "music"),
        ("\"My Schema\".\"Odd \"\"Table\"", "My Schema", "Odd \"Table"),
        ("\"a.b\"", nil, "a.b"),
        ("größe.tabelle_1$", "größe", "tabelle_1$"),
        ("\"'; DROP TABLE x; --\"", nil, "'; DROP TABLE x; --"),
    ])
    func reads(text: String, schema: String?, name: String) throws {
        let parsed = try QualifiedName(parsing: text)
        #expect(parsed == QualifiedName(schema: schema, name: name))
        #expect(try QualifiedName(parsing: parsed.description) == parsed)
        #expect(try QualifiedName(parsing: parsed.quoted) == parsed)
    }

    @Test(arguments: [
        "", ".", "a.", ".a", "a..b", "a.b.c", "\"a", "a\"b\"", "a b", "a;b", "1a", "\"\"", "a.\"\"",
        String(repeating: "x", count: 64), "\"a\u{0}b\"", "$a",
    ])
    func refuses(text: String) {
        #expect(throws: TableProblem.self) { try QualifiedName(parsing: text) }
    }

    @Test func quotesEveryPart() {
        #expect(QualifiedName(schema: "a\"b", name: "C d").quoted == "\"a\"\"b\".\"C d\"")
        #expect(QualifiedName(schema: "plain", name: "Upper").description == "plain.\"Upper\"")
    }

    @Test func suggestsWhatWasMeant() {
        let tables = ["music_knowledge", "notes", "music_knowlege_old"].map {
            QualifiedName(schema: "public", name: $0)
        }
        let other = [QualifiedName(schema: "app", name: "notes")]
        #expect(
            TableShape.similar(to: QualifiedName(name: "musik_knowledge"), among: tables).first
                == "public.music_knowledge")
        #expect(TableShape.similar(to: QualifiedName(schema: "public", name: "notes"), among: other) == ["app.notes"])
        #expect(TableShape.similar(to: QualifiedName(name: "zebra"), among: tables).isEmpty)
    }
}
