/// Where an OpenAI-compatible provider is asked, and with what beside the key.
package struct OpenAIEndpoint: Sendable {
    /// The whole address, `…/embeddings`.
    package let address: WebAddress
    /// Fields for each request.
    let fields: [(name: String, value: String)]
    /// Whether it is Azure's, which wants its key in a field of its own.
    let isAzure: Bool
    /// What configuration adds and may be secret.
    let secrets: [String]

    /// Finds the address.
    ///
    /// A base address of whatever form in use will do: with or without `/v1`, with or without `/embeddings`; Azure's
    /// `…/openai/deployments/NAME` and `…/openai/v1`.
    /// - Parameters:
    ///   - url: The base address.
    ///   - headers: Fields for each request. One that names the key itself (`authorization`) stands in its place.
    ///   - query: Pairs for the query of each request.
    package init(
        url: String, headers: [(name: String, value: String)] = [], query: [(name: String, value: String)] = []
    ) throws(RemoteSettingError) {
        var address = try WebAddress(url)
        try RequestFields.check(headers)
        while address.path.hasSuffix("/") { address.path.removeLast() }
        let segments = address.segments
        isAzure =
            [".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com"].contains {
                address.host.hasSuffix($0)
            } || Self.namesDeployment(segments)
        if segments.last != "embeddings" {
            let hasVersion = segments.contains { $0.first == "v" && $0.dropFirst().first?.isNumber == true }
            if address.host.hasSuffix(".services.ai.azure.com"), segments == ["models"] {
                address.path += "/embeddings"
            } else if isAzure, segments.isEmpty {
                address.path += "/openai/v1/embeddings"
            } else {
                address.path += hasVersion || Self.namesDeployment(segments) ? "/embeddings" : "/v1/embeddings"
            }
        }
        if Self.namesDeployment(segments), address.query?.contains("api-version=") != true,
            !query.contains(where: { $0.name == "api-version" })
        {
            throw RemoteSettingError(
                "remote.query",
                "has no api-version, which a deployment of Azure's wants, such as api-version=2024-10-21")
        }
        address.add(query)
        self.address = address
        fields = headers
        secrets = (headers + query).map(\.value).filter { !$0.isEmpty }
    }

    /// What the provider knows us by: the key that is sent, or what a configured field has in its place.
    func credential(_ key: RemoteKey?) -> RemoteKey? { RequestFields.credential(in: fields) ?? key }

    private static func namesDeployment(_ segments: [Substring]) -> Bool {
        zip(segments, segments.dropFirst()).contains { $0 == "openai" && $1 == "deployments" }
    }

    /// All fields of a request.
    func fields(key: RemoteKey?) -> [(name: String, value: String)] {
        let name = isAzure ? "api-key" : "authorization"
        var all = RequestFields.always + fields
        if let key, !fields.contains(where: { $0.name.lowercased() == name }) {
            all.append((name, isAzure ? key.secret : "Bearer \(key.secret)"))
        }
        return all
    }
}
