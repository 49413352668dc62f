/// The configuration file that documents every setting, made from the definitions.
enum CommentedFile {
    /// The text of config/backfilld.toml.
    static var text: String {
        var lines = wrapped(
            """
            The configuration of backfilld, usually /etc/backfilld/backfilld.toml. Every setting is here, commented \
            out, with its default. Stronger than this file are, from the weakest: .env and .env.local in the working \
            directory, the files of $CREDENTIALS_DIRECTORY, the BACKFILLD_* variables of the environment, the \
            command line. "backfilld config" shows what counts and where it came from; "backfilld config --check" \
            says whether it is right. Settings marked "live" change on a reload, the others on a restart; so does \
            whatever stands in the environment of a running process.
            """)
        var section = ""
        for definition in SettingDefinition.all {
            let parts = definition.key.split(separator: ".").map(String.init)
            // Keys without a section come before all sections, or TOML counts them to the last one.
            guard parts.count == 2 else { continue }
            if section.isEmpty { lines += SettingDefinition.all.filter { !$0.key.contains(".") }.flatMap(entry) }
            if parts[0] != section {
                section = parts[0]
                lines += ["", "[\(section)]"]
            }
            lines += entry(definition)
            if definition.key == SettingDefinition.table.last?.key { lines += severalTables }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func entry(_ definition: SettingDefinition) -> [String] {
        let name = definition.key.split(separator: ".").last.map(String.init) ?? definition.key
        let value = literal(definition)
        let note = definition.defaultNote ?? "Defaults to \(value)."
        var facts = definition.variable
        if let credential = definition.credential { facts += ", credential \(credential)" }
        if !definition.otherVariables.isEmpty { facts += ", \(definition.otherVariables.joined(separator: ", "))" }
        if let flag = definition.flag { facts += ", \(flag)" }
        facts += definition.changesLive ? "; live" : ""
        return [""] + wrapped(definition.documentation) + wrapped(note) + wrapped("(\(facts))")
            + ["# \(name) = \(value)"]
    }

    private static func literal(_ definition: SettingDefinition) -> String {
        guard let text = definition.defaultText else { return examples[definition.key] ?? "\"\"" }
        if case .number = definition.kind { return text }
        return "\"\(text)\""
    }

    /// What to write for settings without a default.
    private static let examples = [
        "local.lanes": "2",
        "limits.rowsPerSecond": "100",
        "local.passagePrompt": "\"passage: \"",
        "local.queryPrompt": "\"query: \"",
        "remote.url": "\"http://localhost:11434/v1\"",
        "remote.model": "\"text-embedding-3-small\"",
        "remote.dimension": "1536",
        "remote.key": "\"…\"",
        "remote.functionSecret": "\"…\"",
        "remote.headers": "[\"x-team: search\"]",
        "remote.query": "[\"api-version=2024-10-21\"]",
        "remote.body": "['task=\"retrieval.passage\"', 'query:task=\"retrieval.query\"']",
        "remote.passagePrompt": "\"passage: \"",
        "remote.queryPrompt": "\"query: \"",
        "remote.inputs": "256",
        "remote.inputTokens": "512",
        "remote.requestTokens": "100000",
        "remote.requestBytes": "\"8MiB\"",
        "remote.tokenizer": "\"all-MiniLM-L6-v2\"",
        "remote.requestsPerMinute": "500",
        "remote.tokensPerMinute": "1000000",
        "remote.requestsPerDay": "10000",
        "remote.tokensPerDay": "50000000",
        "remote.ca": "\"/etc/ssl/our-ca.pem\"",
        "remote.proxy": "\"http://proxy.example.com:3128\"",
        "remote.price": "0.02",
        "console.listen": "\"127.0.0.1:8787\"",
        "console.token": "\"…\"",
        "console.origins": "[\"https://app.example.com\"]",
        "console.certificate": "\"/etc/backfilld/console.pem\"",
        "console.certificateKey": "\"/etc/backfilld/console.key\"",
        "database.url": "\"postgresql://backfilld@localhost:5432/music\"",
        "database.password": "\"…\"",
        "table.columns": "[\"topic\", \"category\", \"suggestion\"]",
        "table.template": "\"{topic}. {suggestion.title}: {suggestion.description}\"",
    ]

    private static let severalTables =
        ["", "# Several tables instead of [table], each with a name and the same settings:", "#"]
        + ["# [[tables]]", "# name = \"music_knowledge\"", "#"]
        + ["# [[tables]]", "# name = \"public.songs\"", "# key = \"song_id\"", "# columns = [\"title\", \"lyrics\"]"]

    /// A paragraph as comment lines of at most 100 characters.
    private static func wrapped(_ paragraph: String) -> [String] {
        var lines: [String] = []
        var line = "#"
        for word in paragraph.split(separator: " ") {
            if line.count + word.count + 1 > 100 {
                lines.append(line)
                line = "#"
            }
            line += " \(word)"
        }
        return lines + [line]
    }
}
