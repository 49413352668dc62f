import Testing

@testable import backfilld

@Suite struct ConfigurationCommandTests {
    @Test func `options become settings, those of their own before --set`() throws {
        let options = try SettingOptions.parse([
            "--table", "songs", "--set", "batch.rows=1", "--batch-rows", "2", "--log-level", "debug", "--set",
            "table.columns=a,b",
        ])
        let settings = try Settings.load(
            commandLine: options.commandLine, environment: [:], workingDirectory: "/nonexistent", userID: 1,
            needsDatabase: false, standardPath: "/nonexistent")
        #expect(
            settings.tables == [.init(name: "songs", key: "id", embedding: "embedding", text: .columns(["a", "b"]))])
        #expect(settings.batch.rows == 2 && settings.log.level == .debug)
        #expect(settings.origins["batch.rows"]?.description == "--batch-rows")
        #expect(settings.origins["table.columns"]?.description == "--set table.columns")
    }

    @Test func `every flag of a definition is an option, and no option takes a secret`() {
        let help = SettingOptions.helpMessage()
        for definition in SettingDefinition.all {
            if let flag = definition.flag { #expect(help.contains(flag)) }
            #expect(!definition.isSecret || definition.flag == nil)
        }
        #expect(!help.contains("--database-url"))
        #expect(help.contains("DATABASE_URL"))
    }

    @Test func `lines tell key, value and origin`() throws {
        let folder = ConfigurationFolder()
        let lines = try folder.load(["DATABASE_URL": "postgres://u:p@h/d", "BATCH_SIZE": "9"]).lines
        let words = lines.map { $0.split(separator: " ").joined(separator: " ") }
        #expect(words.contains("database.url postgresql://u@h/d environment DATABASE_URL"))
        #expect(words.contains("batch.rows 9 environment BATCH_SIZE"))
        #expect(words.contains("batch.quiet 25ms default"))
        #expect(words.contains("database.password (not set) default"))
    }
}
