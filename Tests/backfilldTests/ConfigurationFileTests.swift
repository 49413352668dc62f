import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import backfilld

@Suite struct ConfigurationFileTests {
    @Test func `the commented file in the repository is the one the definitions make`() throws {
        let file = try String(contentsOfFile: "\(repositoryRoot)/config/backfilld.toml", encoding: .utf8)
        #expect(file == CommentedFile.text, "renew it: backfilld config --template > config/backfilld.toml")
    }

    @Test func `the page on the settings is the one the definitions make`() throws {
        let page = try String(contentsOfFile: "\(repositoryRoot)/docs/configuration.md", encoding: .utf8)
        #expect(page == ConfigurationPage.text, "renew it: backfilld config --reference > docs/configuration.md")
        for definition in SettingDefinition.all {
            #expect(page.contains("\n### \(definition.key)\n"))
            #expect(page.contains("`\(definition.variable)`"))
        }
    }

    private static let withoutDefault = Set(SettingDefinition.all.filter { $0.defaultText == nil }.map(\.key))

    @Test func `the commented file is valid as it stands, and with every setting in force`() throws {
        let plain = try ConfigurationFolder(["backfilld.toml": CommentedFile.text]).load()
        #expect(plain.effective.allSatisfy { $0.origin == .builtIn })
        var section = ""
        let inForce = CommentedFile.text.split(separator: "\n").map { line in
            if line.hasPrefix("[") { section = line.filter { $0 != "[" && $0 != "]" } + "." }
            let name = line.dropFirst(2).prefix { $0 != " " }
            let hasNoDefault = Self.withoutDefault.contains(section + name)
            let isSetting = line.hasPrefix("# ") && line.contains(" = ") && !hasNoDefault
            return isSetting ? String(line.dropFirst(2)) : String(line)
        }
        let end = inForce.firstIndex { $0.hasPrefix("# Several tables") } ?? 0
        let resumed = inForce[end...].firstIndex { $0.hasPrefix("[batch]") } ?? 0
        let text = (inForce[..<end] + inForce[resumed...]).joined(separator: "\n")
        let settings = try ConfigurationFolder(["backfilld.toml": text]).load()
        for setting in plain.effective {
            #expect(settings.effective.first { $0.key == setting.key }?.value == setting.value, "\(setting.key)")
        }
        #expect(
            settings.effective.filter { $0.origin != .builtIn }.count == SettingDefinition.all.count
                - Self.withoutDefault.count)
    }

    @Test func `every setting is documented, with its default`() {
        for definition in SettingDefinition.all {
            #expect(definition.documentation.count > 40, "\(definition.key)")
            #expect(definition.defaultText != nil || definition.defaultNote?.hasPrefix("Defaults to") == true)
            #expect(CommentedFile.text.contains(definition.variable))
            if let text = definition.defaultText {
                #expect(throws: Never.self) { try definition.kind.value(of: .words(text)) }
            }
        }
        let variables = SettingDefinition.all.flatMap { [$0.variable] + $0.otherVariables }
        #expect(Set(variables).count == variables.count)
        #expect(SettingDefinition.named("limits.textBytes")?.variable == "BACKFILLD_LIMITS_TEXT_BYTES")
        #expect(
            SettingDefinition.all.compactMap(\.credential) == [
                "remote-key", "remote-function-secret", "remote-headers", "remote-query", "remote-body", "remote-proxy",
                "database-url", "database-password", "console-token",
            ])
    }

    @Test func `root reads no env file of somebody else, or that everybody can write`() throws {
        let folder = ConfigurationFolder([".env": "BATCH_SIZE=7", ".env.local": ""])
        chmod("\(folder.path)/.env", 0o666)
        if geteuid() != 0 {
            let settings = try folder.load(userID: 0)
            #expect(settings.batch.rows == 50 && settings.warnings.count == 2)
            #expect(settings.warnings.last?.contains(".env is not read: it belongs to user") == true)
        } else {
            let settings = try folder.load(userID: 0)
            #expect(settings.batch.rows == 50)
            #expect(
                settings.warnings == [".env is not read: it can be written by everybody and this command runs as root"])
            chmod("\(folder.path)/.env", 0o644)
            #expect(try folder.load(userID: 0).batch.rows == 7)
            chown("\(folder.path)/.env", 65534, 65534)
            #expect(try folder.load(userID: 0).warnings.first?.contains("belongs to user 65534") == true)
            // A link of somebody else's to a file of root's is no better.
            chown("\(folder.path)/.env", 0, 0)
            rename("\(folder.path)/.env", "\(folder.path)/real")
            symlink("real", "\(folder.path)/.env")
            #expect(try folder.load(userID: 0).batch.rows == 7)
            lchown("\(folder.path)/.env", 65534, 65534)
            #expect(try folder.load(userID: 0).batch.rows == 50)
        }
        #expect(try folder.load(userID: 1_000).warnings.isEmpty)
    }

    @Test func `what is no readable text is refused and not waited for`() {
        let folder = ConfigurationFolder()
        mkfifo("\(folder.path)/fifo", 0o600)
        folder.write("binary", bytes: [0xFF, 0xFE])
        folder.write("large", String(repeating: "#\n", count: 600_000))
        folder.write("marked", "\u{FEFF}A=1")
        #expect(ConfigurationFile.read("\(folder.path)/fifo") == .refused("is not a regular file"))
        #expect(ConfigurationFile.read("\(folder.path)/binary") == .refused("is not UTF-8 text"))
        #expect(ConfigurationFile.read("\(folder.path)/large") == .refused("is larger than 1 MiB"))
        #expect(ConfigurationFile.read("\(folder.path)/marked") == .text("A=1"))
        #expect(ConfigurationFile.read("\(folder.path)/none") == .absent)
        #expect(ConfigurationFile.read("\(folder.path)/marked/none") == .absent)
    }

    @Test func `a secret in a file that everybody may read is warned of`() throws {
        let folder = ConfigurationFolder()
        folder.write("backfilld.toml", "[database]\nurl = \"postgres://u:p@h/d\"", mode: 0o644)
        #expect(try folder.load().warnings.first?.contains("chmod 640") == true)
        folder.write("backfilld.toml", "[database]\nurl = \"postgres://u@h/d\"", mode: 0o644)
        #expect(try folder.load().warnings.isEmpty)
    }

    @Test func `an empty credential is a problem, a strange file beside it is not`() {
        let error = ConfigurationFolder(["database-url": "\n", "other": "x"]).failure(credentials: true)
        #expect(error.problems == [ConfigurationProblem("credential database-url", "database.url is empty")])
    }
}
