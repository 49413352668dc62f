import SentenceEncoder
import Synchronization

/// Asks whatever speaks `POST {base}/embeddings`, as OpenAI does.
package final class OpenAIService: EmbeddingService {
    private struct State {
        var key: RemoteKey?
        var encoding: VectorEncoding
    }

    private let transport: any HTTPTransport
    private let endpoint: OpenAIEndpoint
    private let model: RemoteModel
    private let now: @Sendable () -> Int
    private let state: Mutex<State>

    /// Makes it; nothing is sent.
    ///
    /// - Parameters:
    ///   - transport: Carries its requests.
    ///   - endpoint: Where they go.
    ///   - model: What they ask for.
    ///   - key: Nil for a server that wants none.
    ///   - now: Seconds since 1970, for providers that say with a date when to come again.
    package init(
        transport: any HTTPTransport, endpoint: OpenAIEndpoint, model: RemoteModel, key: RemoteKey? = nil,
        now: @escaping @Sendable () -> Int = unixTime
    ) {
        self.transport = transport
        self.endpoint = endpoint
        self.model = model
        self.now = now
        // Whoever configures the format has chosen.
        let isChosen = model.members.values.joined().contains { $0.name == "encoding_format" }
        state = Mutex(State(key: key, encoding: isChosen ? .unasked : .untried))
    }

    package var warnings: [String] {
        [endpoint.address.warning(withKey: endpoint.credential(state.withLock(\.key)) != nil)].compactMap(\.self)
    }

    /// The address that is asked, without its query.
    package var address: String { endpoint.address.shown }

    package func use(_ key: RemoteKey?) { state.withLock { $0.key = key } }

    package func embed(_ texts: [String], for role: TextRole) async throws -> ServiceAnswer {
        try await withLatestKey({ state.withLock(\.key) }) { try await embed(texts, for: role, key: $0) }
    }

    private func embed(_ texts: [String], for role: TextRole, key: RemoteKey?) async throws -> ServiceAnswer {
        let encoding = state.withLock(\.encoding)
        do {
            return try await ask(texts, role, key, encoding)
        } catch let error as EncodingRefused {
            // Nothing was charged for: it did not take the request for its form. Once is enough to find out.
            state.withLock { if $0.encoding != .unasked { $0.encoding = .floats } }
            guard encoding.isBase64 else { throw error.failure }
            do {
                return try await ask(texts, role, key, .floats)
            } catch let error as EncodingRefused {
                throw error.failure
            }
        }
    }

    /// The provider does not take the encoding that was asked for.
    private struct EncodingRefused: Error {
        let failure: ServiceFailure
    }

    private func ask(
        _ texts: [String], _ role: TextRole, _ key: RemoteKey?, _ encoding: VectorEncoding
    ) async throws -> ServiceAnswer {
        let response = try await transport.post(request(texts, role, key, encoding))
        let failed = FailedAnswer(
            address: endpoint.address, model: model.name, key: endpoint.credential(key),
            secrets: endpoint.secrets + model.secrets)
        guard 200..<300 ~= response.status else {
            let failure = failed.failure(response, texts: texts, now: now())
            guard encoding.isBase64, [400, 422, 500, 501].contains(response.status),
                ProviderMessage(body: response.body).namesEncoding
            else { throw failure }
            throw EncodingRefused(failure: failure)
        }
        do {
            let answer = try OpenAIAnswer(response.body, count: texts.count, dimension: model.dimension)
            if encoding.isBase64 { remember(answer.wereStrings ? .base64 : .floats) }
            return ServiceAnswer(
                vectors: answer.vectors, flaws: answer.flaws, tokens: answer.tokens, model: answer.model,
                allowance: RateFields.allowance(response.fields))
        } catch {
            // It was charged for, so that asking once more is left to whoever counts; with floats then.
            if error.concernsEncoding, encoding.isBase64 { remember(.floats) }
            throw failed.failure(error, failed.reduced(response, sent: texts), texts: texts)
        }
    }

    /// Several requests may find out at once: once floats, always floats.
    private func remember(_ found: VectorEncoding) {
        state.withLock { if $0.encoding.isBase64 { $0.encoding = found } }
    }

    private func request(
        _ texts: [String], _ role: TextRole, _ key: RemoteKey?, _ encoding: VectorEncoding
    ) -> HTTPRequest {
        let members = model.members[role] ?? []
        let names = Set(members.map(\.name))
        var body = JSONObjectText(reserving: texts.reduce(256) { $0 + $1.utf8.count + 8 })
        if !names.contains("model") { body.add("model", model.name) }
        if !names.contains("input") { body.add("input", texts, prefix: model.prompts[role] ?? "") }
        if let name = encoding.name, !names.contains("encoding_format") { body.add("encoding_format", name) }
        if model.sendsDimension, let dimension = model.dimension, !names.contains("dimensions") {
            body.add("dimensions", json: String(dimension))
        }
        for member in members { body.add(member.name, json: member.json) }
        return HTTPRequest(
            url: endpoint.address.url, fields: endpoint.fields(key: key), body: body.bytes,
            answerLimit: model.answerLimit(texts))
    }
}

/// How a provider is asked to write its vectors.
enum VectorEncoding {
    /// As base64, which may not be known there.
    case untried
    /// As base64, which it does.
    case base64
    /// As numbers, without a word about it: some servers don't know the word.
    case floats
    /// As configuration says.
    case unasked

    var isBase64: Bool { self == .untried || self == .base64 }

    var name: String? { isBase64 ? "base64" : nil }
}
