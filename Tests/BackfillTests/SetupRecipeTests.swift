import Testing

@testable import Backfill

struct SetupRecipeTests {
    @Test func readsATemplate() throws {
        let template = try Template(parsing: "{topic}. {suggestion.title}: {suggestion.description}")
        #expect(
            template.parts == [
                .value(.init(column: "topic")), .text(". "), .value(.init(column: "suggestion", path: ["title"])),
                .text(": "), .value(.init(column: "suggestion", path: ["description"])),
            ])
        #expect(template.columns == ["topic", "suggestion"])
        #expect(template.description == "{topic}. {suggestion.title}: {suggestion.description}")
    }

    @Test func readsBracesAndOddNames() throws {
        let template = try Template(parsing: "{{{\"odd col\".\"a.b\"}}} {\"say \"\"hi\"\"\"}")
        #expect(
            template.parts == [
                .text("{"), .value(.init(column: "odd col", path: ["a.b"])), .text("} "),
                .value(.init(column: "say \"hi\"")),
            ])
        #expect(try Template(parsing: template.description) == template)
    }

    @Test func oneDescriptionForAllSpellings() throws {
        #expect(try Template(parsing: "{\"topic\"}!").description == Template(parsing: "{topic}!").description)
    }

    @Test(arguments: [
        ("{topic", 1), ("a}b {c}", 2), ("{}", 2), ("{a.}", 4), ("{a b}", 3), ("{\"a}", 2), ("no column", 1), ("", 1),
        ("{a..b}", 4), ("x {a{b}", 5), ("{a} {", 5),
    ])
    func refusesWithThePlace(text: String, position: Int) {
        #expect {
            try Template(parsing: text)
        } throws: { error in
            guard case .invalidTemplate(_, let found, _) = error as? TableProblem else { return false }
            return found == position
        }
    }

    @Test func columnsWithoutRepeats() {
        let recipe = TextRecipe.columns(["topic", "odd col", "topic"])
        #expect(recipe.columns == ["topic", "odd col"])
        #expect(recipe.description == "columns topic, \"odd col\"")
    }

    @Test func differentRecipesHaveDifferentDescriptions() throws {
        let descriptions: [String] = [
            TextRecipe.columns(["a", "b"]).description, TextRecipe.columns(["b", "a"]).description,
            TextRecipe.columns(["a, b"]).description,
            TextRecipe.template(try Template(parsing: "{a}, {b}")).description,
        ]
        #expect(Set(descriptions).count == descriptions.count)
    }

    @Test func hashesEveryColumnWithTheSeedOfTheOnesBefore() {
        let sql = SourceExpression(columns: ["a", "b\"c"]).sql(alias: "t")
        #expect(
            sql == """
                pg_catalog.hashtextextended(COALESCE('=' OPERATOR(pg_catalog.||) t."b""c"::pg_catalog.text, '-') \
                COLLATE pg_catalog."C", \
                pg_catalog.hashtextextended(COALESCE('=' OPERATOR(pg_catalog.||) t."a"::pg_catalog.text, '-') \
                COLLATE pg_catalog."C", 0::pg_catalog.int8))
                """)
    }
}
