import Backfill
import Configuration

extension SettingsDraft {
    /// The tables to watch: one of `table.*`, or those of `[[tables]]`.
    mutating func tables() -> [Settings.Table] {
        let listed = sources.toml?.tableOrigins ?? []
        guard !listed.isEmpty else { return [table(at: "table", origin: nil)].compactMap { $0 } }

        let selected = selection()
        for provider in sources.providers {
            for definition in SettingDefinition.table {
                guard let single = provider.values[definition.key] else { continue }
                if selected != nil, definition.key == "table.name" { continue }
                report(
                    ConfigurationProblem(
                        single.origin, "\(definition.key) is for a single table, and \(listed[0]) begins [[tables]]",
                        remedy: "Give all tables as [[tables]] in the file, or a single one as table.*."))
            }
        }
        let tables = listed.enumerated().compactMap { index, origin in table(at: "tables.\(index)", origin: origin) }
        reportTwins(tables, listed)
        guard let selected else { return tables }
        let chosen = tables.filter { Self.isSame($0.name, selected.value) }
        if chosen.isEmpty, !tables.isEmpty {
            let names = tables.map { quoted($0.name) }.joined(separator: ", ")
            report(
                ConfigurationProblem(
                    selected.origin, "\(quoted(selected.value)) is not one of the configured tables: \(names)"))
        }
        return chosen
    }

    /// A table named on the command line, which picks one of several.
    private func selection() -> Sourced<String>? {
        guard let first = sources.providers.first, first.providerName == "command line",
            let provided = first.values["table.name"], case .string(let name) = provided.content
        else { return nil }
        return Sourced(value: name, origin: provided.origin)
    }

    private mutating func table(at prefix: String, origin: Origin?) -> Settings.Table? {
        var found: [String: Sourced<SettingValue>] = [:]
        for definition in SettingDefinition.table {
            let name = String(definition.key.dropFirst("table.".count))
            found[name] = reader.read(definition, key: "\(prefix).\(name)")
        }
        guard let name = found["name"]?.value.description, let key = found["key"]?.value.description,
            let embedding = found["embedding"]?.value.description
        else { return nil }
        if let origin, found["name"]?.origin == .builtIn {
            report(ConfigurationProblem(origin, "this table has no name", remedy: "Add name = \"…\" to it."))
            return nil
        }
        let place = origin ?? found["name"]?.origin ?? .builtIn
        guard let text = text(of: name, prefix, found["columns"], found["template"], place) else { return nil }
        let index = found["index"].flatMap { Settings.Table.Index(rawValue: $0.value.description) } ?? .advise
        return Settings.Table(name: name, key: key, embedding: embedding, text: text, index: index)
    }

    private mutating func text(
        of name: String, _ prefix: String, _ columns: Sourced<SettingValue>?, _ template: Sourced<SettingValue>?,
        _ place: Origin
    ) -> Settings.Table.Text? {
        switch (columns, template) {
        case (let columns?, let template?):
            report(
                ConfigurationProblem(
                    template.origin, "a template and columns (\(columns.origin)) exclude each other",
                    remedy: "Keep one of the two: it makes the text of a row."))
            return nil
        case (nil, let template?):
            do throws(TableProblem) {
                _ = try Template(parsing: template.value.description)
            } catch {
                report(ConfigurationProblem(template.origin, error.summary, remedy: error.remedy))
            }
            return .template(template.value.description)
        case (let columns?, nil):
            guard case .list(let names) = columns.value else { return nil }
            if Set(names).count < names.count {
                report(ConfigurationProblem(columns.origin, "names a column twice"))
            }
            return .columns(names)
        case (nil, nil):
            if Self.lastPart(of: name) == "music_knowledge" {
                let names = ["topic", "category", "suggestion"]
                reader.record("\(prefix).columns", .list(names), .builtIn)
                return .columns(names)
            }
            report(
                ConfigurationProblem(
                    place, "the table \(quoted(name)) has neither columns nor a template to make its text from",
                    remedy: nearestName(to: Self.lastPart(of: name), among: ["music_knowledge"]) != nil
                        ? "Did you mean music_knowledge? For another table add columns = [\"…\"] or a template."
                        : "Add columns = [\"…\"] to it (or BACKFILLD_TABLE_COLUMNS=a,b), or a template."))
            return nil
        }
    }

    private mutating func reportTwins(_ tables: [Settings.Table], _ origins: [Origin]) {
        guard tables.count == origins.count else { return }
        for (index, table) in tables.enumerated() {
            let earlier = tables[..<index].firstIndex {
                Self.isSame($0.name, table.name) && $0.embedding == table.embedding
            }
            guard let earlier else { continue }
            report(
                ConfigurationProblem(
                    origins[index], "\(quoted(table.name)) is already configured at \(origins[earlier])"))
        }
    }

    /// Whether two names are of one table, as far as they tell: what `search_path` says is only known to the server.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        func name(_ text: String) -> QualifiedName? {
            guard let name = try? QualifiedName(parsing: text) else { return nil }
            return QualifiedName(schema: name.schema ?? "public", name: name.name)
        }
        return left == right || name(left).map { $0 == name(right) } ?? false
    }

    /// The table's own name without its schema: unquoted and in lower case unless it was quoted.
    static func lastPart(of name: String) -> String {
        var part = "", isQuoted = false
        for character in name {
            switch character {
            case "\"": isQuoted.toggle()
            case "." where !isQuoted: part = ""
            default: part += isQuoted ? String(character) : character.lowercased()
            }
        }
        return part
    }
}
