import Embedders
import SentenceEncoder
import TestSupport

/// The lab's provider, asked over the wire that the product uses. What has arrived is told on standard output.
struct LabProvider: EmbeddingService {
    private let service: OpenAIService
    private let stages: Stages

    init(_ options: LabOptions, _ stages: Stages) throws {
        let transport = try HTTPClientTransport(
            HTTPTransportOptions(connectDeadline: options.patience, deadline: options.patience))
        service = OpenAIService(
            transport: transport,
            endpoint: try OpenAIEndpoint(
                url: "http://127.0.0.1:\(options.provider)", headers: [(Provider.clientField, options.name)]),
            model: try RemoteModel(name: "lab", dimension: options.dimension))
        self.stages = stages
    }

    func embed(_ texts: [String], for role: TextRole) async throws -> ServiceAnswer {
        let answer = try await service.embed(texts, for: role)
        // Only here is it known which vectors have arrived, and were right.
        let right = texts.enumerated().filter { answer.flaws[$0.offset] == nil }.map(\.element)
        stages.tell(LabEvent("embedded", texts: right))
        return answer
    }
}
