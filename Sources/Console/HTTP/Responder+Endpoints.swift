import Backfill
import Embedders
import HTTPTypes
import Synchronization

/// What each endpoint answers.
extension Responder {
    func answer(
        _ endpoint: Endpoint, _ query: [(name: String, value: String)], _ body: [UInt8]
    ) async throws -> ConsoleAnswer {
        switch endpoint {
        case .page: return page.answer
        case .health: return .json(.ok, ["status": "ok"])
        case .readiness: return readiness()
        case .metrics: return metrics()
        case .embeddings: return try await embeddings(body)
        case .upsert: return try await upsert(body)
        case .tables: return try await tables()
        case .search: return try await search(query)
        case .map: return try await map(query)
        case .quality: return try await quality(query)
        case .status: return await status()
        case .events: return events()
        }
    }

    /// Nothing in it that a stranger may not know.
    private func readiness() -> ConsoleAnswer {
        let vitals = services.vitals()
        let why: String? =
            if isStopping.load(ordering: .relaxed) {
                "the daemon is stopping"
            } else {
                switch vitals.hearing {
                case .connecting: "connecting to the database"
                case .away: "the database is away"
                case .listening, .deaf: vitals.isReady ? nil : "the tables have not been looked at yet"
                }
            }
        guard let why else { return .json(.ok, ["status": "ready"]) }
        return .json(.serviceUnavailable, ["status": "not ready", "why": .string(why)])
    }

    private func metrics() -> ConsoleAnswer {
        let now = ContinuousClock.now
        let text = Metrics.text(
            services.tally.counts, services.vitals(), version: services.version,
            embedder: services.embedderName, up: now - services.tally.began, at: now)
        return .text(text, type: Metrics.type)
    }

    private func embeddings(_ body: [UInt8]) async throws -> ConsoleAnswer {
        guard let gathering, let identity = services.embedder?.identity else {
            throw Refused(
                .notImplemented, "the configured embedder writes rows of the table, and has no vectors to give")
        }
        let request = try EmbeddingsRequest(body, identity)
        let embedded = try await gathering.embed(request.texts, for: request.role)
        return request.answer(embedded, model: identity.model)
    }
}
