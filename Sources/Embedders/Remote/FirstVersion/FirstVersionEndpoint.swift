/// Where one of the two endpoints of the first version is, and how it is spoken to.
package struct FirstVersionEndpoint: Sendable {
    /// The embedder's name in the configuration.
    package let name: String
    /// The whole address.
    package let address: WebAddress
    let key: RemoteKey?
    private let functionSecret: RemoteKey?
    /// Beside those that every request has; keys among them.
    let fields: [(name: String, value: String)]
    /// What may never be in a message.
    let secrets: [String]

    /// Where the first version looked for the local endpoint.
    package static let codetteBase = "http://localhost:8000"

    /// The local endpoint: `POST BASE/api/upsert-embeddings`.
    ///
    /// - Parameters:
    ///   - base: Its address.
    ///   - setting: What an error calls that.
    package static func codette(
        base: String = codetteBase, setting: String = "VITE_CODETTE_API"
    ) throws(RemoteSettingError) -> Self {
        Self(
            name: "codette", address: try address(base, setting, "/api/upsert-embeddings"), key: nil,
            functionSecret: nil)
    }

    /// The edge function of a Supabase project: `POST BASE/functions/v1/upsert-embeddings`.
    ///
    /// - Parameters:
    ///   - base: The project's address.
    ///   - setting: What an error calls that.
    ///   - key: The service role key, or another that the function takes.
    ///   - functionSecret: What the function compares `x-functions-secret` with.
    package static func supabase(
        base: String, setting: String = "VITE_SUPABASE_URL", key: RemoteKey?, functionSecret: RemoteKey? = nil
    ) throws(RemoteSettingError) -> Self {
        Self(
            name: "supabase", address: try address(base, setting, "/functions/v1/upsert-embeddings"), key: key,
            functionSecret: functionSecret)
    }

    private init(name: String, address: WebAddress, key: RemoteKey?, functionSecret: RemoteKey?) {
        self.name = name
        self.address = address
        self.key = key
        self.functionSecret = functionSecret
        var fields = RequestFields.always
        if let key { fields += [("apikey", key.secret), ("authorization", "Bearer \(key.secret)")] }
        if let functionSecret { fields.append(("x-functions-secret", functionSecret.secret)) }
        self.fields = fields
        secrets = [key, functionSecret].compactMap { $0?.secret }
    }

    /// The same with another key.
    func with(_ key: RemoteKey?) -> Self {
        Self(name: name, address: address, key: key, functionSecret: functionSecret)
    }

    /// A base address with a slash at its end or without; one that names the function already is taken as it is.
    private static func address(
        _ base: String, _ setting: String, _ path: String
    ) throws(RemoteSettingError) -> WebAddress {
        var address = try WebAddress(base, setting: setting)
        while address.path.hasSuffix("/") { address.path.removeLast() }
        if !address.path.hasSuffix(path) { address.path += path }
        return address
    }

    /// What is to be told to whoever configured it, at the start.
    package var warnings: [String] { [address.warning(withKey: !secrets.isEmpty)].compactMap(\.self) }
}
