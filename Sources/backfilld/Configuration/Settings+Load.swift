import Backfill
import Logging
import SentenceEncoder

extension Settings {
    /// Reads and checks the settings of every source.
    ///
    /// - Parameters:
    ///   - commandLine: what options say.
    ///   - environment: the variables of the process.
    ///   - workingDirectory: where `.env.local` and `.env` are looked for.
    ///   - configPath: the file given by `--config`, which must be there; nil for the standard one, which need not.
    ///   - credentialsDirectory: `$CREDENTIALS_DIRECTORY`.
    ///   - userID: the effective user; root does not read what others may have written.
    ///   - needsDatabase: whether it is an error if nothing says which database is meant.
    /// - Throws: everything that is wrong, at once.
    static func load(
        commandLine: CommandLineSettings = CommandLineSettings(),
        environment: [String: String],
        workingDirectory: String,
        configPath: String? = nil,
        credentialsDirectory: String? = nil,
        userID: UInt32,
        needsDatabase: Bool = true,
        standardPath: String = ConfigurationSources.standardPath
    ) throws(ConfigurationError) -> Settings {
        let sources = ConfigurationSources(
            commandLine: commandLine, environment: environment, workingDirectory: workingDirectory,
            configPath: configPath, credentialsDirectory: credentialsDirectory, userID: userID,
            standardPath: standardPath)
        var draft = SettingsDraft(sources)
        let settings = draft.settings(needsDatabase: needsDatabase)
        guard draft.problems.isEmpty else { throw draft.error }
        return settings
    }
}

/// The settings while they are put together: values read, problems found.
///
/// With a problem anywhere the settings are thrown away, so a stand-in for a value that can't be
/// had does no harm: it lets the checks that come after it go on.
struct SettingsDraft {
    let sources: ConfigurationSources
    var reader: SettingReader
    var problems: [ConfigurationProblem]
    var warnings: [String]
    private var values: [String: Sourced<SettingValue>] = [:]

    init(_ sources: ConfigurationSources) {
        self.sources = sources
        reader = SettingReader(sources.providers)
        problems = sources.problems
        warnings = sources.warnings
    }

    mutating func settings(needsDatabase: Bool) -> Settings {
        let firstVersion = FirstVersion(sources.variables)
        for definition in SettingDefinition.embedding + SettingDefinition.local + SettingDefinition.hash
            + SettingDefinition.remote + SettingDefinition.remotePace
        {
            read(definition)
        }
        if let chosen = values["embedder"], let problem = EmbedderChoice.problem(chosen) { report(problem) }
        for definition in SettingDefinition.database { read(definition) }
        let parameters = connectionParameters(firstVersion, isNeeded: needsDatabase)
        let tables = self.tables()
        for definition in SettingDefinition.pipeline + SettingDefinition.console + SettingDefinition.service {
            read(definition)
        }
        let console = self.console()
        check("batch.longest", isNotUnder: "batch.quiet")
        check("retry.longest", isNotUnder: "retry.first")
        let remote = remote(for: text("embedder"))
        fit(batchTo: remote)
        for (name, origin) in firstVersion.variables {
            let isUsed = EmbedderChoice.endpoints.contains(text("embedder"))
            reader.record(name, .text(Secret.mask + (isUsed ? "" : " (this embedder does not use it)")), origin)
        }

        return Settings(
            embedder: text("embedder"),
            local: .init(
                model: text("local.model"), precision: Precision(rawValue: text("local.precision")),
                lanes: values["local.lanes"].map { _ in number("local.lanes") },
                longTexts: LongTexts(rawValue: text("local.longTexts")) ?? .truncate,
                passagePrompt: values["local.passagePrompt"]?.value.description,
                queryPrompt: values["local.queryPrompt"]?.value.description),
            hash: .init(dimension: number("hash.dimension")),
            remote: remote,
            database: .init(
                url: values["database.url"].map { Secret($0.value.description) },
                password: values["database.password"].map { Secret($0.value.description) },
                connections: number("database.connections"),
                applicationName: text("database.applicationName"),
                pooler: PoolerMode(rawValue: text("database.pooler")) ?? .auto,
                parameters: parameters),
            tables: tables,
            batch: .init(
                rows: number("batch.rows"), bytes: number("batch.bytes"), quiet: duration("batch.quiet"),
                longest: duration("batch.longest"), inFlight: number("batch.inFlight")),
            listen: .init(heartbeat: duration("listen.heartbeat"), deadline: duration("listen.deadline")),
            notify: Settings.Notify(rawValue: text("notify")) ?? .ids,
            textBytes: number("limits.textBytes"),
            rowsPerSecond: values["limits.rowsPerSecond"].map { _ in number("limits.rowsPerSecond") },
            retry: .init(
                first: duration("retry.first"), longest: duration("retry.longest"), attempts: number("retry.attempts")),
            log: .init(
                level: Logger.Level(rawValue: text("log.level")) ?? .info,
                format: Settings.LogFormat(rawValue: text("log.format")) ?? .auto),
            start: Settings.Start(rawValue: text("service.start")) ?? .wait,
            drain: duration("service.drain"),
            console: console,
            firstVersion: firstVersion,
            effective: reader.effective,
            warnings: warnings,
            file: sources.toml?.providerName)
    }

    /// Everything that was found.
    var error: ConfigurationError { ConfigurationError(problems: problems, warnings: warnings) }

    mutating func report(_ problem: ConfigurationProblem) {
        problems.append(problem)
    }

    private mutating func read(_ definition: SettingDefinition) {
        values[definition.key] = reader.read(definition)
    }

    /// A default that depends on other settings, where nobody has set it.
    mutating func assume(_ key: String, _ value: SettingValue) {
        guard values[key]?.origin ?? .builtIn == .builtIn else { return }
        values[key] = Sourced(value: value, origin: .builtIn)
        reader.record(key, value, .builtIn)
    }

    /// A value that was read.
    func value(_ key: String) -> Sourced<SettingValue>? { values[key] }

    func text(_ key: String) -> String { values[key]?.value.description ?? "" }

    func number(_ key: String) -> Int {
        switch values[key]?.value {
        case .number(let number): number
        case .size(let bytes): bytes
        default: 0
        }
    }

    func duration(_ key: String) -> Duration {
        if case .duration(let duration) = values[key]?.value { duration } else { .zero }
    }

    private mutating func check(_ longer: String, isNotUnder shorter: String) {
        guard duration(longer) < duration(shorter), let upper = values[longer], let lower = values[shorter] else {
            return
        }
        let place = upper.origin == .builtIn ? lower.origin : upper.origin
        report(
            ConfigurationProblem(
                place,
                "\(longer) (\(upper.value.description), \(upper.origin)) is shorter than "
                    + "\(shorter) (\(lower.value.description), \(lower.origin))",
                remedy: "Make \(longer) at least as long as \(shorter)."))
    }
}
