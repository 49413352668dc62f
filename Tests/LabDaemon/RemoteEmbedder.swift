import Dispatch
import Embedders
import TestSupport

/// An embedder whose vectors come from the lab's provider, over a connection for each call.
struct RemoteEmbedder: Embedder {
    let identity: EmbedderIdentity
    let limits = EmbedderLimits(rows: 10_000, bytes: 64 << 20)
    private let port: Int
    private let client: String
    private let patience: Duration

    /// Calls block a thread: not one of Swift's few.
    private static let queue = DispatchQueue(label: "provider", attributes: .concurrent)

    init(_ options: LabOptions) {
        // What the lab's tables are set up for.
        identity = HashEmbedder(dimension: options.dimension).identity
        port = options.provider
        client = options.name
        patience = options.patience
    }

    func embed(_ texts: [String]) async throws -> Embeddings {
        let request = ProviderRequest(client: client, texts: texts)
        let answer = try await withCheckedThrowingContinuation { continuation in
            Self.queue.async { continuation.resume(with: Result { try ask(request) }) }
        }
        switch answer {
        case .refused(let reason): throw EmbedderError.refused(reason)
        case .unavailable(let reason): throw EmbedderError.unavailable(reason)
        case .limited(let wait): throw EmbedderError.limited(retryAfter: wait.map { .milliseconds($0) })
        case .vectors(let items): return Embeddings(try Self.ordered(items))
        }
    }

    private func ask(_ request: ProviderRequest) throws -> ProviderAnswer {
        do {
            let wire = try ProviderWire.connect(to: port, limit: patience)
            defer { wire.close() }
            try wire.send(request)
            guard let answer = try wire.receive(ProviderAnswer.self) else {
                throw EmbedderError.unavailable("no answer")
            }
            if case .vectors = answer { try? wire.acknowledge() }
            return answer
        } catch let error as EmbedderError {
            throw error
        } catch {
            throw EmbedderError.unavailable("\(error)")
        }
    }

    /// The vectors in the order of the texts. How many they are, and of what, is the daemon's to check.
    private static func ordered(_ items: [ProviderAnswer.Item]) throws -> [[Float]] {
        let items = items.sorted { $0.index < $1.index }
        guard items.enumerated().allSatisfy({ $0 == $1.index }) else {
            throw EmbedderError.unavailable("the answer has two vectors for one text")
        }
        return items.map(\.vector)
    }
}
