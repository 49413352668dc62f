import Foundation
import SentenceEncoder
import TestSupport
import Testing

@testable import Embedders

/// What a provider's documentation says it is asked and answers: a file of Fixtures/exchanges.
struct ProviderExchanges: Decodable, Sendable, CustomTestStringConvertible {
    struct Settings: Decodable, Sendable {
        var embedder: String
        var url: String
        var model: String
        var key: String?
        var dimension: Int
        var sendsDimension: Bool?
        var query: [String: String]?
        var body: [String: String]?
    }

    struct Request: Decodable, Sendable {
        var url: String
        var fields: [String: String]
    }

    struct Exchange: Decodable, Sendable {
        var what: String
        var status: Int
        var fields: [String: String]?
        var expect: String
        var tokens: Int?
        var requestsLeft: Int?
        var retryAfter: Double?
        var says: String?
        /// Requests more that it leads to, for which nothing is recorded but the same answer.
        var then: Int?
    }

    /// Where it is documented.
    var source: String
    var settings: Settings
    var request: Request
    var exchanges: [Exchange]

    var testDescription: String { settings.url }

    static let texts = ["Cut 300 Hz", "Boost 8 kHz"]
    static let vectors: [[Float]] = [[0.0023064255, -0.009327292, -0.0028842222], [0.0125, -0.5, 0.25]]

    static let folder = repositoryRoot + "/Tests/EmbeddersTests/Fixtures/exchanges"

    /// The names of all files.
    static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }.sorted()
    }

    func service(_ transport: any HTTPTransport, url: String? = nil) throws -> any EmbeddingService {
        let model = try RemoteModel(
            name: settings.model, dimension: settings.dimension, sendsDimension: settings.sendsDimension ?? false,
            members: (settings.body ?? [:]).map { ($0.key, $0.value) })
        let key = try settings.key.map { try RemoteKey($0) }
        let query = (settings.query ?? [:]).map { (name: $0.key, value: $0.value) }
        let url = url ?? settings.url
        return settings.embedder == "cohere"
            ? CohereService(
                transport: transport, endpoint: try CohereEndpoint(url: url, query: query), model: model, key: key)
            : OpenAIService(
                transport: transport, endpoint: try OpenAIEndpoint(url: url, query: query), model: model, key: key)
    }
}

@Suite("Exchanges as providers document them") struct RemoteExchangeTests {
    @Test("Each is understood", arguments: try ProviderExchanges.names())
    func recorded(name: String) async throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: ProviderExchanges.folder + "/" + name))
        let recorded = try JSONDecoder().decode(ProviderExchanges.self, from: data)
        #expect(recorded.source.hasPrefix("https://"))
        // The parts that are JSON of any form: bodies and answers.
        let plain = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let asked = try #require((plain["request"] as? [String: Any])?["body"] as? NSDictionary)
        let answers = try #require(plain["exchanges"] as? [[String: Any]])
        for (exchange, answer) in zip(recorded.exchanges, answers) {
            let body = try JSONSerialization.data(withJSONObject: try #require(answer["answer"]), options: .sortedKeys)
            let response = HTTPResponse(status: exchange.status, fields: exchange.fields ?? [:], body: Array(body))
            let transport = RecordedTransport(response, response)
            let service = try recorded.service(transport)
            let place = Comment("\(name): \(exchange.what)")
            do throws(any Error) {
                let given = try await service.embed(ProviderExchanges.texts, for: .passage)
                #expect(exchange.expect == "vectors", place)
                #expect(given.vectors == ProviderExchanges.vectors, place)
                #expect(given.tokens == exchange.tokens && given.allowance.requestsLeft == exchange.requestsLeft, place)
            } catch {
                let failure = try #require(error as? ServiceFailure)
                #expect(failure.kind == exchange.expect, "\(name): \(exchange.what): \(failure)")
                #expect(
                    exchange.says.map { failure.reason.contains($0) } ?? true, "\(name): \(exchange.what): \(failure)")
                if case .limited(let wait, _) = failure {
                    #expect(wait == exchange.retryAfter.map { .milliseconds(Int($0 * 1000)) }, place)
                }
                if let key = recorded.settings.key { #expect(!"\(failure)".contains(key), place) }
            }
            let requests = transport.requests
            #expect(requests.count == 1 + (exchange.then ?? 0), place)
            #expect(requests[0].url == recorded.request.url, place)
            for (field, value) in recorded.request.fields { #expect(requests[0].values(field) == [value], place) }
            let sent = try JSONSerialization.jsonObject(with: Data(requests[0].body)) as? NSDictionary
            #expect(sent == asked, place)
        }
    }

    @Test("Over a real connection it is the same")
    func connected() async throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: ProviderExchanges.folder + "/openai.json"))
        let recorded = try JSONDecoder().decode(ProviderExchanges.self, from: data)
        let plain = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let answers = try #require(plain["exchanges"] as? [[String: Any]])
        let bodies = try answers.map { try JSONSerialization.data(withJSONObject: try #require($0["answer"])) }
        let server = try ScriptedHTTPServer { _, before in
            let exchange = recorded.exchanges[before % bodies.count]
            let fields = (exchange.fields ?? [:]).map { (name: $0.key, value: $0.value) }
            return [.send(HTTPBytes.answer(exchange.status, fields, Array(bodies[before % bodies.count])))]
        }
        try await withTransport { transport in
            let service = try recorded.service(transport, url: server.url)
            for exchange in recorded.exchanges {
                var kind = "vectors"
                do {
                    let given = try await service.embed(ProviderExchanges.texts, for: .passage)
                    #expect(given.vectors == ProviderExchanges.vectors)
                } catch let failure as ServiceFailure {
                    kind = failure.kind
                }
                #expect(kind == exchange.expect, "\(exchange.what)")
            }
            // All of them on one connection: a failure of what was asked is none of the connection.
            #expect(server.connections == 1)
        }
    }
}
