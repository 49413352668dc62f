import Embedders

extension Settings {
    /// A provider's settings, complete: what was not set is what is known of the provider.
    struct Remote: Sendable, Equatable {
        /// A name and its value, the value perhaps a secret.
        struct Pair: Sendable, Equatable {
            let name: String
            let value: Secret
        }

        /// nil for the endpoints of the first version where only its variables say it.
        var url: String?
        var model: String
        var dimension: Int
        var sendsDimension: Bool
        var key: Secret?
        /// For the edge function.
        var functionSecret: Secret?
        var headers: [Pair] = []
        var query: [Pair] = []
        /// Members of the body, the values in JSON, for all texts and for those to search with.
        var body: [Pair] = []
        var queryBody: [Pair] = []
        var passagePrompt: String
        var queryPrompt: String
        var limits: RequestLimits
        var throttle: Throttle.Settings
        /// A name, or a path with a "/" in it.
        var tokenizer: String?
        var connectDeadline: Duration
        var deadline: Duration
        var authorities: String?
        var proxy: Secret?
        /// Bytes of vectors that are remembered.
        var memory: Int
        /// Of a million tokens.
        var price: Double?
    }

    /// Whether vectors come from a provider that is sent texts.
    var usesProvider: Bool { EmbedderChoice.providers.contains(embedder) }
}

extension SettingsDraft {
    /// What is set of a provider, with what is known of it; nil where another embedder is chosen.
    mutating func remote(for embedder: String) -> Settings.Remote? {
        checkAddress()
        guard EmbedderChoice.providers.contains(embedder) || EmbedderChoice.endpoints.contains(embedder) else {
            return nil
        }
        let isProvider = EmbedderChoice.providers.contains(embedder)
        let defaultURL = ["openai": "https://api.openai.com/v1", "cohere": "https://api.cohere.com"][embedder]
        let url = value("remote.url")?.value.description ?? defaultURL
        if let defaultURL { assume("remote.url", .text(defaultURL)) }
        let host = url.flatMap { try? WebAddress($0) }?.host ?? ""
        let named = value("remote.model")?.value.description
        let defaults = ProviderDefaults.of(host: host, model: named ?? "")
        let model = named ?? defaults.model ?? (isProvider ? "" : "unknown")
        if model.isEmpty {
            report(
                ConfigurationProblem(
                    origin("remote.url"), "no model is named for the embedder at \(quoted(host))",
                    remedy: "Set remote.model to the provider's name for it."))
        } else {
            assume("remote.model", .text(model))
        }
        let own = ProviderDefaults.dimension(of: model)
        if value("remote.dimension") == nil, own == nil, !model.isEmpty {
            report(
                ConfigurationProblem(
                    origin("remote.model"), "how many dimensions the vectors of \(quoted(model)) have is not known",
                    remedy: "Set remote.dimension to it; it is the dimension of the embedding column too."))
        }
        let dimension = value("remote.dimension") == nil ? own ?? 1 : number("remote.dimension")
        assume("remote.dimension", .number(dimension))
        let (body, queryBody) = members()
        let told = text("remote.sendDimension")
        // An endpoint is given rows, as many as a batch has.
        let limits = limits(isProvider ? defaults.limits : RequestLimits(inputs: number("batch.rows")))
        let throttle = throttle()
        warnOfCeiling(throttle.tokensPerDay, limits)
        if !isProvider { warnOfIdleSettings(embedder) }
        return Settings.Remote(
            url: url, model: model, dimension: dimension,
            sendsDimension: told == "yes"
                || told == "auto" && own != dimension && ProviderDefaults.isShortenable(model),
            key: key(for: defaults),
            functionSecret: value("remote.functionSecret").map { Secret($0.value.description) },
            headers: pairs("remote.headers", separator: ":", "name: value"),
            query: pairs("remote.query", separator: "=", "name=value"), body: body, queryBody: queryBody,
            passagePrompt: text("remote.passagePrompt"), queryPrompt: text("remote.queryPrompt"),
            limits: limits, throttle: throttle,
            tokenizer: value("remote.tokenizer")?.value.description,
            connectDeadline: duration("remote.connectDeadline"), deadline: duration("remote.deadline"),
            authorities: value("remote.ca")?.value.description,
            proxy: value("remote.proxy").map { Secret($0.value.description) }, memory: number("remote.memory"),
            price: value("remote.price").flatMap { Double($0.value.description) })
    }

    /// What is in the address is told in messages. Looked at whoever is asked: it is shown in any case.
    private mutating func checkAddress() {
        guard let given = value("remote.url") else { return }
        do throws(RemoteSettingError) {
            guard try WebAddress(given.value.description).query != nil else { return }
            report(
                ConfigurationProblem(
                    given.origin,
                    "remote.url has a query ('?…'), and with it perhaps a key, where everybody may see it",
                    remedy: "Put it into remote.query, which is a secret, as \"name=value\"."))
        } catch {
            report(ConfigurationProblem(given.origin, "\(error.setting) \(error.problem)"))
        }
    }

    /// A text with more tokens than a day may have is never sent.
    private mutating func warnOfCeiling(_ ceiling: Int?, _ limits: RequestLimits) {
        let longest = min(limits.inputTokens ?? .max, number("limits.textBytes") / 4 + 1)
        guard let ceiling, ceiling < longest else { return }
        warnings.append(
            "remote.tokensPerDay is \(ceiling), and a single text may have \(longest) tokens: one that has more than the "
                + "ceiling is never sent, its row counts as failed. Raise it, or lower remote.inputTokens or limits.textBytes."
        )
    }

    /// What does nothing where rows are handed over is told, rather than believed to hold.
    private mutating func warnOfIdleSettings(_ embedder: String) {
        var idle = [
            "remote.sendDimension", "remote.body", "remote.passagePrompt", "remote.queryPrompt", "remote.inputTokens",
            "remote.requestTokens", "remote.tokenizer", "remote.memory", "remote.price",
        ]
        if embedder == "codette" { idle += ["remote.key", "remote.functionSecret"] }
        for key in idle {
            guard let given = value(key), given.origin != .builtIn else { continue }
            warnings.append(
                "\(key) (\(given.origin)) does nothing with the embedder \(embedder), which is handed rows.")
        }
    }

    /// Batches that are worth a request, and enough of them for all requests, unless somebody has said otherwise.
    mutating func fit(batchTo remote: Settings.Remote?) {
        guard let remote, EmbedderChoice.providers.contains(text("embedder")) else { return }
        assume("batch.rows", .number(min(remote.limits.inputs, 500)))
        assume("batch.inFlight", .number(min(64, remote.throttle.requestsInFlight + 2)))
    }

    private func origin(_ key: String) -> Origin { value(key)?.origin ?? value("embedder")?.origin ?? .builtIn }

    private mutating func limits(_ defaults: RequestLimits) -> RequestLimits {
        var limits = defaults
        assume("remote.inputs", .number(limits.inputs))
        if let tokens = limits.inputTokens { assume("remote.inputTokens", .number(tokens)) }
        if let tokens = limits.requestTokens { assume("remote.requestTokens", .number(tokens)) }
        assume("remote.requestBytes", .size(limits.requestBytes))
        limits.inputs = number("remote.inputs")
        limits.inputTokens = optional("remote.inputTokens")
        limits.requestTokens = optional("remote.requestTokens")
        // A request of much more would be a minute's worth at once.
        if let most = optional("remote.tokensPerMinute") {
            limits.requestTokens = min(limits.requestTokens ?? .max, max(16, most / 4))
        }
        limits.requestBytes = number("remote.requestBytes")
        return limits
    }

    private func throttle() -> Throttle.Settings {
        var throttle = Throttle.Settings()
        throttle.requestsInFlight = number("remote.requestsInFlight")
        throttle.requestsPerMinute = optional("remote.requestsPerMinute")
        throttle.tokensPerMinute = optional("remote.tokensPerMinute")
        throttle.requestsPerDay = optional("remote.requestsPerDay")
        throttle.tokensPerDay = optional("remote.tokensPerDay")
        return throttle
    }

    private func optional(_ key: String) -> Int? { value(key) == nil ? nil : number(key) }

    /// The key that is set, or the one of a variable that belongs to this provider and to no other.
    private mutating func key(for defaults: ProviderDefaults) -> Secret? {
        if let key = value("remote.key") { return checked(key.value.description, from: key.origin) }
        for variable in defaults.keyVariables {
            for variables in sources.variables {
                guard let given = variables[variable], !given.value.isEmpty else { continue }
                reader.record("remote.key", .text(given.value), given.origin, isSecret: true)
                return checked(given.value, from: given.origin)
            }
        }
        return nil
    }

    /// A key that can't be one is known before it is sent, and so is not taken at a reload either.
    private mutating func checked(_ key: String, from origin: Origin) -> Secret {
        do throws(RemoteSettingError) {
            return Secret(try RemoteKey(key).secret)
        } catch {
            report(ConfigurationProblem(origin, "\(error.setting) \(error.problem)"))
            return Secret("")
        }
    }

    private mutating func members() -> (all: [Settings.Remote.Pair], ofQueries: [Settings.Remote.Pair]) {
        let pairs = pairs("remote.body", separator: "=", "name=value, the value in JSON")
        let mark = "query:"
        return (
            pairs.filter { !$0.name.hasPrefix(mark) },
            pairs.filter { $0.name.hasPrefix(mark) }.map {
                Settings.Remote.Pair(name: String($0.name.dropFirst(mark.count)), value: $0.value)
            }
        )
    }

    private mutating func pairs(_ key: String, separator: Character, _ form: String) -> [Settings.Remote.Pair] {
        guard let given = value(key), case .list(let items) = given.value else { return [] }
        var pairs: [Settings.Remote.Pair] = []
        for (number, item) in items.enumerated() {
            guard let end = item.firstIndex(of: separator), end > item.startIndex else {
                report(
                    ConfigurationProblem(
                        given.origin, "\(key) has a part that is not of the form \"\(form)\": the \(number + 1). one"))
                continue
            }
            let value = trimmed(item[item.index(after: end)...])
            pairs.append(Settings.Remote.Pair(name: trimmed(item[..<end]), value: Secret(value)))
        }
        return pairs
    }
}
