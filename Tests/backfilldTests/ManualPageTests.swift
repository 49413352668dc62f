import ArgumentParser
import FoundationEssentials
import TestSupport
import Testing

@testable import backfilld

@Suite("The manual pages")
struct ManualPageTests {
    private static let daemonPage: String = {
        return (try? String(contentsOfFile: "\(repositoryRoot)/man/backfilld.8", encoding: .utf8)) ?? ""
    }()

    @Test("backfilld.toml(5) names every setting, with its default, its range and its other names")
    func settings() {
        let page = ManualPage.text
        for definition in SettingDefinition.all {
            let begin = page.range(of: ".It Sy \(definition.key)\n")
            #expect(begin != nil, "\(definition.key)")
            guard let begin else { continue }
            let rest = page[begin.upperBound...]
            let end = rest.range(of: "\n.It Sy ")?.lowerBound ?? rest.endIndex
            let entry = rest[..<end].replacing("\n", with: " ").replacing(#"\-"#, with: "-")
            #expect(entry.contains(definition.variable + ".") || entry.contains(definition.variable + ","))
            for variable in definition.otherVariables { #expect(entry.contains(variable)) }
            if definition.defaultNote == nil, let text = definition.defaultText {
                #expect(entry.contains("Defaults to \(text)."), "\(definition.key)")
            }
            if case .number(let range) = definition.kind {
                #expect(entry.contains("from \(range.lowerBound) to \(range.upperBound)."), "\(definition.key)")
            }
            if let credential = definition.credential { #expect(entry.contains("Credential: \(credential).")) }
            #expect(entry.contains("Live: ") == definition.changesLive, "\(definition.key)")
        }
        #expect(page.contains("A duration from 1s to 10min."), "listen.heartbeat")
        #expect(page.contains("A size from 1KiB to 1GiB."), "batch.bytes")
        #expect(page.utf8.allSatisfy { $0 < 0x80 })
    }

    @Test("What roff would take for its own is escaped")
    func escaping() {
        #expect(ManualPage.escaped(#"a\b --c 'd' …"#) == #"a\eb \-\-c \(aqd\(aq \[u2026]"#)
    }

    @Test("backfilld(8) names every command with its options, and every option of settings")
    func commands() throws {
        var page = Self.daemonPage.replacing(#"\-"#, with: "-")
        #expect(!page.isEmpty)
        // A synopsis may name two of a kind: .Cm pause | resume
        page = page.replacing(" | ", with: "\n.Cm ")
        let common = Self.options(SettingOptions.helpMessage())
        for option in common { #expect(try Self.has(option, in: page), "\(option)") }
        for (name, type) in Self.leaves(Backfilld.self, []) {
            #expect(page.contains(".Cm \(name)\n"), "\(name)")
            for option in Self.options(type.helpMessage()).subtracting(common) {
                #expect(try Self.has(option, in: page), "\(name) \(option)")
            }
        }
    }

    /// Whether a page has an option, which mdoc writes with a dash less, and not just a longer one.
    private static func has(_ option: String, in page: String) throws -> Bool {
        page.contains(try Regex("(Fl|Cm) \(option.dropFirst())(?![a-z-])"))
    }

    /// The commands that do something, with the words that name them.
    private static func leaves(
        _ type: any ParsableCommand.Type, _ names: [String]
    ) -> [(name: String, type: any ParsableCommand.Type)] {
        type.configuration.subcommands.flatMap { command -> [(name: String, type: any ParsableCommand.Type)] in
            let path = names + [command.configuration.commandName ?? "\(command)"]
            return command.configuration.subcommands.isEmpty
                ? [(path.joined(separator: " "), command)] : leaves(command, path)
        }
    }

    /// The long options that a help text lists.
    private static func options(_ help: String) -> Set<String> {
        Set(
            help.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ").prefix(2)
                return words.first { $0.hasPrefix("--") && line.hasPrefix("  ") }.map(String.init)
            })
    }

    @Test("backfilld(8) explains every exit code there is")
    func exitCodes() {
        let codes = [
            Failure.usage, Failure.data, Failure.unavailable, Failure.software, Failure.temporary,
            Failure.noPermission, Failure.configuration,
        ]
        for code in codes { #expect(Self.daemonPage.contains("\n.It \(code.rawValue)\n"), "\(code)") }
    }
}
