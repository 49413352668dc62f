import Embedders
import FoundationEssentials
import SentenceEncoder

extension Assembly {
    /// A provider, ready to be asked.
    ///
    /// - Throws: ``RemoteSettingError`` for a setting that it can't be asked with, or what is wrong with a tokenizer's folder.
    func provider(_ remote: Settings.Remote, endsAtCeiling: Bool = false) throws -> RemoteEmbedder {
        var options = RemoteEmbedder.Options()
        options.limits = remote.limits
        options.limits.requestBytes = max(1_024, remote.limits.requestBytes - remote.bytesBesideTexts)
        options.throttle = remote.throttle
        options.memory = remote.memory
        options.tokenizer = try tokenizer(remote)
        options.prompts = [.passage: remote.passagePrompt, .query: remote.queryPrompt]
        try checkRoom(remote, options.tokenizer)
        options.shared = try usageFile(remote)
        options.endsAtCeiling = endsAtCeiling
        return RemoteEmbedder(try service(remote), identity: identity(of: remote), options)
    }

    /// Every text has to have room behind its prompt: otherwise all rows would get the prompt's vector.
    private func checkRoom(_ remote: Settings.Remote, _ tokenizer: Tokenizer?) throws(RemoteSettingError) {
        guard let most = remote.limits.inputTokens else { return }
        for (setting, prompt) in [("passagePrompt", remote.passagePrompt), ("queryPrompt", remote.queryPrompt)]
        where !prompt.isEmpty {
            let count = TokenCount(tokenizer: tokenizer, prompt: prompt)
            // Where one letter does not fit, every text would be cut to nothing.
            guard count.most(in: "a") > most else { continue }
            throw RemoteSettingError(
                "remote.inputTokens", "is \(most), and remote.\(setting) leaves no room for a text in that")
        }
    }

    /// What speaks to a provider.
    private func service(_ remote: Settings.Remote) throws -> any EmbeddingService {
        let model = try RemoteModel(
            name: remote.model, dimension: remote.dimension, sendsDimension: remote.sendsDimension,
            passagePrompt: remote.passagePrompt, queryPrompt: remote.queryPrompt,
            members: remote.body.map { ($0.name, $0.value.reveal) },
            queryMembers: remote.queryBody.map { ($0.name, $0.value.reveal) })
        let key = try settings.remoteKey()
        let headers = remote.headers.map { (name: $0.name, value: $0.value.reveal) }
        let query = remote.query.map { (name: $0.name, value: $0.value.reveal) }
        let url = remote.url ?? ""
        if settings.embedder == "cohere" {
            let endpoint = try CohereEndpoint(url: url, headers: headers, query: query)
            return CohereService(
                transport: try transport(remote, to: url), endpoint: endpoint, model: model, key: key)
        }
        let endpoint = try OpenAIEndpoint(url: url, headers: headers, query: query)
        return OpenAIService(transport: try transport(remote, to: url), endpoint: endpoint, model: model, key: key)
    }

    /// What carries requests to an address.
    func transport(_ remote: Settings.Remote, to url: String) throws(RemoteSettingError) -> HTTPClientTransport {
        let proxy = try HTTPProxy.choose(
            setting: remote.proxy?.reveal, environment: ProcessInfo.processInfo.environment, for: try WebAddress(url))
        return try HTTPClientTransport(
            HTTPTransportOptions(
                connections: remote.throttle.requestsInFlight, connectDeadline: remote.connectDeadline,
                deadline: remote.deadline, authorities: remote.authorities, proxy: proxy))
    }

    /// What a provider's vectors are recorded as: wherever it is, the same model makes the same vectors of the same texts.
    func identity(of remote: Settings.Remote) -> EmbedderIdentity {
        var traits = ["prompt": remote.passagePrompt]
        if settings.embedder == "cohere" { traits["input type"] = "search_document" }
        // What a provider is asked for beside the model may be another task, and with it another space.
        for trait in remote.body.compactMap(BodyTraits.trait) { traits[trait.name] = trait.value }
        // How long texts are cut is none of it, as limits.textBytes is none: it changes what is embedded of the longest, and
        // leaves all vectors comparable.
        return EmbedderIdentity(
            embedder: settings.embedder, model: remote.model, dimension: remote.dimension, traits: traits)
    }

    /// How tokens are counted for a provider.
    func tokenCount(_ remote: Settings.Remote) throws -> TokenCount {
        TokenCount(tokenizer: try tokenizer(remote), prompt: remote.passagePrompt)
    }

    private func tokenizer(_ remote: Settings.Remote) throws -> Tokenizer? {
        guard let name = remote.tokenizer else { return nil }
        return try Tokenizer(folder: ModelPlaces.ofThisProcess.path(of: name))
    }
}

extension Settings {
    /// The key with which the embedder is asked; nil where it is asked with none.
    ///
    /// - Throws: `RemoteSettingError` for a text that no key is.
    func remoteKey() throws(RemoteSettingError) -> RemoteKey? {
        if let text = remote?.key?.reveal { return try RemoteKey(text) }
        guard embedder == "supabase", let text = firstVersion.supabaseKey?.value.reveal else { return nil }
        return try RemoteKey(text, setting: "SUPABASE_SERVICE_ROLE_KEY")
    }
}

extension Settings.Remote {
    /// What each request has beside its texts, in bytes, at most.
    fileprivate var bytesBesideTexts: Int {
        (body + queryBody).reduce(256 + model.utf8.count) { $0 + $1.name.utf8.count + $1.value.reveal.utf8.count + 8 }
    }
}
