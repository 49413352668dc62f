import Configuration
import TOMLKit

/// The configuration file as a provider of swift-configuration.
struct TOMLProvider: SettingProvider {
    let providerName: String
    let values: [String: ProvidedValue]
    /// Where each `[[tables]]` begins, in the order of the file.
    let tableOrigins: [Origin]
    /// Whether it was no TOML, so that nothing is known of what it says.
    let isBroken: Bool

    /// Reads a file's text. What is wrong with it goes to `problems`; of a file whose syntax is
    /// broken no value counts.
    init(text: String, path: String, problems: inout [ConfigurationProblem]) {
        let lines = TOMLLineIndex(text)
        var walk = Walk(path: path, lines: lines)
        let table = Self.parsed(text, path: path, lines: lines, problems: &problems)
        if let table { walk.visit(table, at: []) }
        isBroken = table == nil
        problems += walk.collector.problems
        providerName = path
        values = walk.collector.values
        tableOrigins = walk.tableOrigins
    }

    /// Parses, after refusing what the parser, or the C strings it returns, would not survive.
    private static func parsed(
        _ text: String, path: String, lines: TOMLLineIndex, problems: inout [ConfigurationProblem]
    ) -> TOMLTable? {
        guard !text.utf8.contains(0), text.firstRange(of: "\\u0000") == nil, text.firstRange(of: "\\U00000000") == nil
        else {
            problems.append(ConfigurationProblem(path, "contains a NUL character"))
            return nil
        }
        guard lines.deepestKey <= 16 else {
            problems.append(
                ConfigurationProblem(path, "contains a key of \(lines.deepestKey) parts; no setting has over 3"))
            return nil
        }
        if let mistake = lines.mistake {
            let place = "\(path), line \(mistake.line), column \(mistake.column)"
            problems.append(ConfigurationProblem(place, "not TOML: \(mistake.what)", remedy: quotesRemedy))
            return nil
        }
        do {
            return try TOMLTable(string: text)
        } catch let error as TOMLParseError {
            let begin = error.source.begin
            let place = "\(path), line \(begin.line), column \(begin.column)"
            problems.append(
                ConfigurationProblem(
                    place, "not TOML: \(withoutContents(error.description))",
                    remedy: error.description.firstRange(of: "parsing string") != nil
                        || error.description.firstRange(of: "literal string") != nil
                        ? "Is the quote at the end of the text missing?"
                        : quotesRemedy))
        } catch {
            problems.append(ConfigurationProblem(path, "not TOML"))
        }
        return nil
    }

    private static let quotesRemedy =
        "Texts stand in quotes, names before \"=\" do not: rows = 50, quiet = \"25ms\"."

    /// The parser's message without what it quotes of the file, which may be a piece of a secret.
    static func withoutContents(_ message: String) -> String {
        var result = ""
        var parts = message.split(separator: "'", omittingEmptySubsequences: false)[...]
        while let outside = parts.popFirst() {
            result += outside
            guard let inside = parts.popFirst() else { break }
            let isSign =
                inside.unicodeScalars.count == 1
                && inside.unicodeScalars.allSatisfy {
                    $0.isASCII && $0.value > 32 && !$0.properties.isAlphabetic && !("0"..."9").contains($0)
                }
            result += isSign || inside == "\\n" ? "'\(inside)'" : "…"
        }
        return result
    }
}

/// The walk through a parsed file.
private struct Walk {
    let path: String
    let lines: TOMLLineIndex
    var collector = SettingCollector()
    var tableOrigins: [Origin] = []

    init(path: String, lines: TOMLLineIndex) {
        self.path = path
        self.lines = lines
    }

    mutating func visit(_ table: TOMLTable, at prefix: [String]) {
        let place = { [lines, path] (key: String) in
            Origin.file(path, line: lines.line(of: prefix + [key]))
        }
        // In the order of the file, which the parser does not keep.
        let keys = table.keys.map { (line: lines.line(of: prefix + [$0]) ?? 0, key: $0) }.sorted { $0 < $1 }
        for (_, key) in keys {
            // Enough is enough: this is no configuration of ours.
            guard collector.problems.count < 1_000, let value = table[key] else { continue }
            let name = (prefix + [key]).joined(separator: ".")
            let isTables = prefix.isEmpty && key == "tables"
            if isTables {
                visitTables(value, at: place(key))
            } else if let section = value.table, Self.sections.contains(name) {
                visit(section, at: prefix + [key])
            } else if let section = value.table, prefix.count < 3, SettingDefinition.named(name) == nil {
                // A misspelt section: every key in it is named with what it should be.
                if section.isEmpty { collector.report(unknown(name, at: place(key))) }
                visit(section, at: prefix + [key])
            } else if Self.sections.contains(name) {
                let several = name == "table" && value.type == .array ? "For several tables write [[tables]]." : nil
                collector.report(
                    ConfigurationProblem(
                        place(key), "\(name) is a section and has no value of its own",
                        remedy: several ?? "Write [\(name)] and the settings on lines below."))
            } else if let definition = SettingDefinition.named(name) {
                collector.take(Self.raw(value), key: name, definition: definition, origin: place(key))
            } else {
                collector.report(unknown(name, at: place(key)))
            }
        }
    }

    private mutating func visitTables(_ value: any TOMLValueConvertible, at origin: Origin) {
        guard let array = value.array, !array.isEmpty, array.allSatisfy({ $0.type == .table }) else {
            collector.report(
                ConfigurationProblem(
                    origin, "tables must be a list of sections",
                    remedy: "Write [[tables]] before the settings of each table, or [table] for a single one."))
            return
        }
        for (index, item) in array.enumerated() {
            let prefix = ["tables", String(index)]
            tableOrigins.append(.file(path, line: lines.line(of: prefix)))
            if let item = item.table { visit(item, at: prefix) }
        }
    }

    private func unknown(_ name: String, at origin: Origin) -> ConfigurationProblem {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        if parts.first == "tables", parts.count > 2 {
            let known = SettingDefinition.table.map { String($0.key.dropFirst("table.".count)) }
            return SettingDefinition.unknown(parts.dropFirst(2).joined(separator: "."), at: origin, among: known)
        }
        // The variable's name in the file is a likely slip, and so is that of the first version.
        let meant = SettingDefinition.all.first { $0.variable == name || $0.otherVariables.contains(name) }
        if let definition = meant {
            return ConfigurationProblem(
                origin, "there is no setting \"\(name)\" in this file", remedy: "It is written \(definition.key) here.")
        }
        return SettingDefinition.unknown(name, at: origin, among: SettingDefinition.all.map(\.key))
    }

    private static let sections = Set(
        SettingDefinition.all.compactMap { $0.key.split(separator: ".").dropLast().first.map(String.init) })

    private static func raw(_ value: any TOMLValueConvertible) -> RawValue {
        switch value.type {
        case .string: .string(value.string ?? "")
        case .int: value.int.map(RawValue.number) ?? .other("a number")
        case .array:
            if let array = value.array, array.allSatisfy({ $0.type == .string }) {
                .strings(array.map { $0.string ?? "" })
            } else {
                .other("a list of other things than strings")
            }
        case .table: .other("a section")
        case .double: value.double.map(RawValue.fraction) ?? .other("a number with a fraction")
        case .bool: .other("true or false")
        case .date, .time, .dateTime: .other("a date or time")
        }
    }
}
