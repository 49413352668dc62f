import Embedders

extension Assembly {
    /// One of the endpoints of the first version, which write the table themselves.
    ///
    /// - Throws: `RemoteSettingError` for a setting that it can't be asked with.
    func endpoint(_ remote: Settings.Remote, endsAtCeiling: Bool = false) throws -> FirstVersionEmbedder {
        let (endpoint, base) = try settings.embedder == "supabase" ? supabase(remote) : codette(remote)
        return FirstVersionEmbedder(
            endpoint, transport: try transport(remote, to: base), model: remote.model, dimension: remote.dimension,
            rows: remote.limits.inputs, bytes: remote.limits.requestBytes, pace: remote.throttle,
            shared: try usageFile(remote), endsAtCeiling: endsAtCeiling)
    }

    private func codette(
        _ remote: Settings.Remote
    ) throws(RemoteSettingError) -> (endpoint: FirstVersionEndpoint, base: String) {
        let base = remote.url ?? settings.firstVersion.codetteAPI?.value.reveal ?? FirstVersionEndpoint.codetteBase
        let setting = remote.url == nil ? "VITE_CODETTE_API" : "remote.url"
        return (
            try .codette(base: base, setting: setting, headers: pairs(remote.headers), query: pairs(remote.query)), base
        )
    }

    private func supabase(
        _ remote: Settings.Remote
    ) throws(RemoteSettingError) -> (endpoint: FirstVersionEndpoint, base: String) {
        let firstVersion = settings.firstVersion
        guard let base = remote.url ?? firstVersion.supabaseURL?.value.reveal else {
            throw RemoteSettingError("remote.url", "is not set, and neither is SUPABASE_URL; set one of them")
        }
        let key = try settings.remoteKey()
        var functionSecret: RemoteKey?
        if let text = remote.functionSecret?.reveal {
            functionSecret = try RemoteKey(text, setting: "remote.functionSecret")
        } else if let text = firstVersion.functionSecret?.value.reveal {
            functionSecret = try RemoteKey(text, setting: "FUNCTION_SECRET")
        }
        let setting = remote.url == nil ? "SUPABASE_URL" : "remote.url"
        return (
            try .supabase(
                base: base, setting: setting, key: key, functionSecret: functionSecret, headers: pairs(remote.headers),
                query: pairs(remote.query)), base
        )
    }

    private func pairs(_ pairs: [Settings.Remote.Pair]) -> [(name: String, value: String)] {
        pairs.map { ($0.name, $0.value.reveal) }
    }
}
