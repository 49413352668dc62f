import SentenceEncoder
import Synchronization

/// Asks Cohere's `POST /v2/embed`.
package final class CohereService: EmbeddingService {
    private let transport: any HTTPTransport
    private let endpoint: CohereEndpoint
    private let model: RemoteModel
    private let now: @Sendable () -> Int
    private let key: Mutex<RemoteKey?>

    /// Makes it; nothing is sent.
    ///
    /// - Parameters:
    ///   - transport: Carries its requests.
    ///   - endpoint: Where they go.
    ///   - model: What they ask for.
    ///   - key: Who asks.
    ///   - now: Seconds since 1970, for an answer that says with a date when to come again.
    package init(
        transport: any HTTPTransport, endpoint: CohereEndpoint, model: RemoteModel, key: RemoteKey? = nil,
        now: @escaping @Sendable () -> Int = unixTime
    ) {
        self.transport = transport
        self.endpoint = endpoint
        self.model = model
        self.now = now
        self.key = Mutex(key)
    }

    package var warnings: [String] {
        [endpoint.address.warning(withKey: endpoint.credential(key.withLock(\.self)) != nil)].compactMap(\.self)
    }

    /// The address that is asked, without its query.
    package var address: String { endpoint.address.shown }

    package func use(_ key: RemoteKey?) { self.key.withLock { $0 = key } }

    package func embed(_ texts: [String], for role: TextRole) async throws -> ServiceAnswer {
        try await withLatestKey({ key.withLock { $0 } }) { try await embed(texts, for: role, key: $0) }
    }

    private func embed(_ texts: [String], for role: TextRole, key: RemoteKey?) async throws -> ServiceAnswer {
        let response = try await transport.post(request(texts, role, key))
        let failed = FailedAnswer(
            address: endpoint.address, model: model.name, key: endpoint.credential(key),
            secrets: endpoint.secrets + model.secrets)
        guard 200..<300 ~= response.status else { throw failed.failure(response, texts: texts, now: now()) }
        do {
            let answer = try CohereAnswer(response.body, count: texts.count, dimension: model.dimension)
            return ServiceAnswer(
                vectors: answer.vectors, flaws: answer.flaws, tokens: answer.tokens,
                allowance: RateFields.allowance(response.fields))
        } catch {
            throw failed.failure(error, failed.reduced(response, sent: texts), texts: texts)
        }
    }

    private func request(_ texts: [String], _ role: TextRole, _ key: RemoteKey?) -> HTTPRequest {
        let members = model.members[role] ?? []
        let names = Set(members.map(\.name))
        var body = JSONObjectText(reserving: texts.reduce(256) { $0 + $1.utf8.count + 8 })
        if !names.contains("model") { body.add("model", model.name) }
        if !names.contains("texts") { body.add("texts", texts, prefix: model.prompts[role] ?? "") }
        if !names.contains("input_type") {
            body.add("input_type", role == .query ? "search_query" : "search_document")
        }
        // Floats: its models before the third know no base64, and there is no word of what it would be made of.
        if !names.contains("embedding_types") { body.add("embedding_types", ["float"], prefix: "") }
        // A text that is too long is to be told of, not cut in silence.
        if !names.contains("truncate") { body.add("truncate", "NONE") }
        if model.sendsDimension, let dimension = model.dimension, !names.contains("output_dimension") {
            body.add("output_dimension", json: String(dimension))
        }
        for member in members { body.add(member.name, json: member.json) }
        return HTTPRequest(
            url: endpoint.address.url, fields: endpoint.fields(key: key), body: body.bytes,
            answerLimit: model.answerLimit(texts))
    }
}

/// Where Cohere is asked, and with what beside the key.
package struct CohereEndpoint: Sendable {
    /// The whole address, `…/v2/embed`.
    package let address: WebAddress
    let headers: [(name: String, value: String)]
    let secrets: [String]

    /// Finds the address from a base address with or without `/v2` and `/embed`.
    package init(
        url: String = "https://api.cohere.com", headers: [(name: String, value: String)] = [],
        query: [(name: String, value: String)] = []
    ) throws(RemoteSettingError) {
        var address = try WebAddress(url)
        try RequestFields.check(headers)
        while address.path.hasSuffix("/") { address.path.removeLast() }
        guard !address.segments.contains("v1") else {
            throw RemoteSettingError(
                "remote.url", "is of version 1 of Cohere's API; leave '/v1' out, version 2 is spoken")
        }
        if address.segments.last != "embed" { address.path += address.segments.contains("v2") ? "/embed" : "/v2/embed" }
        address.add(query)
        self.address = address
        self.headers = headers
        secrets = (headers + query).map(\.value).filter { !$0.isEmpty }
    }

    /// What the provider knows us by: the key that is sent, or what a configured field has in its place.
    func credential(_ key: RemoteKey?) -> RemoteKey? { RequestFields.credential(in: headers) ?? key }

    func fields(key: RemoteKey?) -> [(name: String, value: String)] {
        var all = RequestFields.always + headers
        if let key, !headers.contains(where: { $0.name.lowercased() == "authorization" }) {
            all.append(("authorization", "Bearer \(key.secret)"))
        }
        return all
    }
}
