/// Where one of the two endpoints of the first version is, and how it is spoken to.
package struct FirstVersionEndpoint: Sendable {
    /// The embedder's name in the configuration.
    package let name: String
    /// The whole address.
    package let address: WebAddress
    let key: RemoteKey?
    private let functionSecret: RemoteKey?
    /// Those that configuration adds.
    private let headers: [(name: String, value: String)]
    /// Beside those that every request has; keys among them.
    let fields: [(name: String, value: String)]
    private let configured: [String]
    /// What may never be in a message.
    let secrets: [String]

    /// Where the first version looked for the local endpoint.
    package static let codetteBase = "http://localhost:8000"

    /// The local endpoint: `POST BASE/api/upsert-embeddings`.
    ///
    /// - Parameters:
    ///   - base: Its address.
    ///   - setting: What an error calls that.
    ///   - headers: Fields for each request.
    ///   - query: Pairs for the query of each request.
    package static func codette(
        base: String = codetteBase, setting: String = "VITE_CODETTE_API", headers: [(name: String, value: String)] = [],
        query: [(name: String, value: String)] = []
    ) throws(RemoteSettingError) -> Self {
        try RequestFields.check(headers)
        return Self(
            name: "codette", address: try address(base, setting, "/api/upsert-embeddings", query), key: nil,
            functionSecret: nil, headers: headers, secrets: (headers + query).map(\.value))
    }

    /// The edge function of a Supabase project: `POST BASE/functions/v1/upsert-embeddings`.
    ///
    /// - Parameters:
    ///   - base: The project's address.
    ///   - setting: What an error calls that.
    ///   - key: The service role key, or another that the function takes.
    ///   - functionSecret: What the function compares `x-functions-secret` with.
    ///   - headers: Fields for each request. One that is ours stands in its place.
    ///   - query: Pairs for the query of each request.
    package static func supabase(
        base: String, setting: String = "VITE_SUPABASE_URL", key: RemoteKey?, functionSecret: RemoteKey? = nil,
        headers: [(name: String, value: String)] = [], query: [(name: String, value: String)] = []
    ) throws(RemoteSettingError) -> Self {
        try RequestFields.check(headers)
        return Self(
            name: "supabase", address: try address(base, setting, "/functions/v1/upsert-embeddings", query), key: key,
            functionSecret: functionSecret, headers: headers, secrets: (headers + query).map(\.value))
    }

    private init(
        name: String, address: WebAddress, key: RemoteKey?, functionSecret: RemoteKey?,
        headers: [(name: String, value: String)], secrets: [String]
    ) {
        self.name = name
        self.address = address
        self.key = key
        self.functionSecret = functionSecret
        self.headers = headers
        configured = secrets
        var fields: [(name: String, value: String)] = []
        if let key { fields += [("apikey", key.secret), ("authorization", "Bearer \(key.secret)")] }
        if let functionSecret { fields.append(("x-functions-secret", functionSecret.secret)) }
        let names = Set(headers.map { $0.name.lowercased() })
        self.fields = RequestFields.always + fields.filter { !names.contains($0.name) } + headers
        self.secrets = secrets.filter { !$0.isEmpty } + [key, functionSecret].compactMap { $0?.secret }
    }

    /// What it knows us by: the key, or what a configured field has in its place.
    var credential: RemoteKey? { RequestFields.credential(in: headers) ?? key }

    /// The same with another key.
    func with(_ key: RemoteKey?) -> Self {
        Self(
            name: name, address: address, key: key, functionSecret: functionSecret, headers: headers,
            secrets: configured)
    }

    /// A base address with a slash at its end or without; one that names the function already is taken as it is.
    private static func address(
        _ base: String, _ setting: String, _ path: String, _ query: [(name: String, value: String)]
    ) throws(RemoteSettingError) -> WebAddress {
        var address = try WebAddress(base, setting: setting)
        while address.path.hasSuffix("/") { address.path.removeLast() }
        if !address.path.hasSuffix(path) { address.path += path }
        address.add(query)
        return address
    }

    /// What is to be told to whoever configured it, at the start.
    package var warnings: [String] {
        let hasKey = credential != nil || functionSecret != nil
        return [address.warning(withKey: hasKey)].compactMap(\.self)
    }
}
