/// docs/configuration.md, made from the definitions: every setting with its type, range, default and other names.
enum ConfigurationPage {
    /// The page, in Markdown.
    static var text: String {
        var lines = head
        for section in SettingDefinition.sections {
            let title = section.name.isEmpty ? "Top of the file" : "[\(section.name)]"
            lines += ["", "## \(title)", "", "| setting | default | live |", "|---|---|---|"]
            lines += section.settings.map(row)
            lines += section.settings.flatMap(entry)
            if section.name == "table" { lines += severalTables }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func row(_ definition: SettingDefinition) -> String {
        let anchor = definition.key.lowercased().filter { $0 != "." }
        let value = definition.defaultText.map { "`\($0)`" } ?? "–"
        return "| [`\(definition.key)`](#\(anchor)) | \(value) | \(definition.changesLive ? "yes" : "") |"
    }

    private static func entry(_ definition: SettingDefinition) -> [String] {
        var facts = [
            escaped(definition.kind.inWords),
            escaped(definition.defaultNote ?? "Defaults to \(definition.defaultText ?? "nothing")."),
        ]
        if definition.changesLive { facts.append("Live: a reload changes it.") }
        var others =
            "Environment: " + ([definition.variable] + definition.otherVariables).map(code).joined(separator: ", ")
        if let credential = definition.credential { others += " · Credential: \(code(credential))" }
        if let flag = definition.flag { others += " · Option: \(code(flag))" }
        return ["", "### \(definition.key)", ""] + wrapped(escaped(definition.documentation)) + [""]
            + wrapped(facts.joined(separator: " ")) + ["", others]
    }

    private static func code(_ text: String) -> String { "`\(text)`" }

    /// A text without what Markdown would take for its own.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            if "\\`*<>|[]".contains(character) { result.append("\\") }
            result.append(character)
        }
        return result
    }

    /// A paragraph as lines of at most 120 characters.
    private static func wrapped(_ paragraph: String) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in paragraph.split(separator: " ") {
            if !line.isEmpty, line.count + word.count + 1 > 120 {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [line]
    }

    private static let severalTables = #"""

        ### Several tables

        Instead of the section `[table]` there may be several of `[[tables]]`, each with a name and the same settings:

        ```toml
        [[tables]]
        name = "music_knowledge"

        [[tables]]
        name = "public.songs"
        key = "song_id"
        columns = ["title", "lyrics"]
        ```
        """#.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)

    private static let head = #"""
        # Configuration

        <!-- Made by "backfilld config --reference" from the definitions of the settings: change those. -->

        Every setting is optional. A table called `music_knowledge` with the default model needs none but the database's
        address. The file is `/etc/backfilld/backfilld.toml`; as installed it has all settings, commented out, with their
        defaults. The same as here is in `man backfilld.toml`.

        Settings come from several places, the strongest first:

        1. the command line: an option of the setting's own, or `--set key=value`;
        2. variables: `BACKFILLD_BATCH_ROWS` is `batch.rows`, and a few others have second names, such as `DATABASE_URL`.
           The service has those of `/etc/backfilld/environment`, which a shell's commands do not read;
        3. credentials: files in `$CREDENTIALS_DIRECTORY`, which systemd makes of the unit's `LoadCredential=`;
        4. `.env.local`, then `.env`, in the working directory;
        5. the configuration file;
        6. the defaults.

        ```sh
        backfilld config             # what counts, and where each setting came from
        backfilld config --check     # whether it is right, and all that is wrong at once
        backfilld config --template  # the commented file
        ```

        A duration is a text of a number and one of the units ms, s, min and h: `"250ms"`. A size is one with the units B, KB,
        MB, GB, KiB, MiB and GiB: `"64KiB"`. A setting that does not exist is an error, with the nearest one that does. *Live*
        settings change with `systemctl reload backfilld`; the others are named by the reload and wait for a restart.
        """#.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
}

extension SettingDefinition {
    /// The settings by the section of the file that they stand in; those of none come first, as in the file.
    static var sections: [(name: String, settings: [SettingDefinition])] {
        var sections: [(name: String, settings: [SettingDefinition])] = [("", all.filter { !$0.key.contains(".") })]
        for definition in all where definition.key.contains(".") {
            let name = String(definition.key.prefix { $0 != "." })
            if sections.last?.name != name { sections.append((name, [])) }
            sections[sections.count - 1].settings.append(definition)
        }
        return sections
    }
}
