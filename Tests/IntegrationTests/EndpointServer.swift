import Backfill
import Embedders
import Foundation
import PostgresClient
import Synchronization
import TestSupport

/// The other side of the embedders `codette` and `supabase`: `POST …/upsert-embeddings` on a real socket, with a session of
/// its own in the database that it is to write.
final class EndpointServer: Sendable {
    /// What it was asked for, and what it does about it.
    struct Call: Sendable {
        struct Row: Codable, Sendable {
            var id: String
            var text: String
        }

        let rows: [Row]
        /// The number of the call, from 1.
        let number: Int
        let request: LabHTTPRequest
        let server: EndpointServer

        /// Writes the right vectors of these rows into the table, as the first version's endpoints do: by the key alone,
        /// whatever has become of the row meanwhile.
        func write(_ rows: [Row]? = nil, dimension: Int = ProbeEmbedder.dimension) throws {
            try server.sql(updates(rows, dimension: dimension))
        }

        /// The same, by a task: one must not block its thread, of which there are as few as processors.
        func writeLater() async throws { try await server.run(updates(nil, dimension: ProbeEmbedder.dimension)) }

        private func updates(_ rows: [Row]?, dimension: Int) -> String {
            let updates = (rows ?? self.rows).map { row in
                let vector =
                    server.vector(row.text).prefix(dimension) + Array(repeating: 0, count: max(dimension - 8, 0))
                let numbers = vector.map { "\($0)" }.joined(separator: ",")
                let literal = server.isArray ? "'{\(numbers)}'" : "'[\(numbers)]'"
                return "UPDATE notes SET embedding = \(literal) WHERE id::text = \(quoteLiteral(row.id))"
            }
            return updates.joined(separator: ";\n")
        }

        /// The answer of an endpoint that is content.
        func done(_ updated: Int? = nil) -> LabHTTPReply {
            let count = updated ?? rows.count
            return LabHTTPReply(
                json:
                    #"{"success":true,"processed":\#(rows.count),"updated":\#(count),"message":"Updated \#(count) rows"}"#
            )
        }
    }

    typealias Behaviour = @Sendable (Call) throws -> LabHTTPReply

    private struct State {
        var behaviour: Behaviour
        var keys: [[String]] = []
        var fields: [[String: String]] = []
        var paths: [String] = []
        var complaints: [String] = []
    }

    private let state: Mutex<State>
    private let server = Mutex<LabHTTPServer?>(nil)
    private let conninfo: String
    private let isArray: Bool
    private let vector: @Sendable (String) -> [Float]

    /// - Parameter behaviour: What it does, until told otherwise.
    init(_ lab: Lab, _ flavour: PostgresServer.Flavour, _ behaviour: @escaping Behaviour) throws {
        conninfo = lab.database.conninfo
        isArray = flavour == .debian
        let embedder = lab.embedder
        vector = { embedder.vector(of: $0) }
        state = Mutex(State(behaviour: behaviour))
        let server = try LabHTTPServer { [weak self] in self?.answer($0) ?? LabHTTPReply(status: 503, body: []) }
        self.server.withLock { $0 = server }
    }

    /// Writes what it is asked for, and says so.
    static let honest: Behaviour = { call in
        try call.write()
        return call.done()
    }

    var base: String { "http://127.0.0.1:\(server.withLock { $0?.port ?? 0 })" }

    /// From now on it does this.
    func behave(_ behaviour: @escaping Behaviour) { state.withLock { $0.behaviour = behaviour } }

    /// The keys of each call.
    var calls: [[String]] { state.withLock(\.keys) }
    /// How often each key was sent.
    var sent: [String: Int] { Dictionary(calls.joined().map { ($0, 1) }, uniquingKeysWith: +) }
    /// The fields of each call.
    var fields: [[String: String]] { state.withLock(\.fields) }
    /// The paths that were asked for.
    var paths: Set<String> { Set(state.withLock(\.paths)) }
    /// What went wrong with itself.
    var complaints: [String] { state.withLock(\.complaints) }

    private func answer(_ request: LabHTTPRequest) -> LabHTTPReply {
        struct Body: Codable { var rows: [Call.Row] }
        do {
            let rows = try JSONDecoder().decode(Body.self, from: Data(request.body)).rows
            let (behaviour, number) = state.withLock { state in
                state.keys.append(rows.map(\.id))
                state.fields.append(request.fields)
                state.paths.append(request.path)
                return (state.behaviour, state.keys.count)
            }
            return try behaviour(Call(rows: rows, number: number, request: request, server: self))
        } catch {
            state.withLock { $0.complaints.append("\(error)") }
            return LabHTTPReply(status: 500, json: #"{"error":"the endpoint of the test failed"}"#)
        }
    }

    /// Runs statements in one transaction.
    func run(_ text: String) async throws {
        let connection = try await PostgresConnection.connect(ConnectionOptions(conninfo: conninfo))
        try await connection.script(text, name: "the endpoint's statement")
        await connection.close()
    }

    /// The same; blocks the thread, which has to be the HTTP connection's own.
    func sql(_ text: String) throws {
        let done = DispatchSemaphore(value: 0)
        let result = Mutex(Result<Void, any Error>.success(()))
        Task {
            do {
                try await run(text)
            } catch {
                result.withLock { $0 = .failure(error) }
            }
            done.signal()
        }
        done.wait()
        try result.withLock(\.self).get()
    }
}

/// An endpoint's embedder under the name that the lab's tables are set up for.
struct LabEndpoint: WritingEmbedder {
    let identity: EmbedderIdentity
    let endpoint: FirstVersionEmbedder
    var limits: EmbedderLimits { endpoint.limits }

    init(_ lab: Lab, _ endpoint: FirstVersionEndpoint, rows: Int = 20) throws {
        identity = lab.embedder.identity
        self.endpoint = FirstVersionEmbedder(
            endpoint, transport: try HTTPClientTransport(HTTPTransportOptions()), dimension: ProbeEmbedder.dimension,
            rows: rows)
    }

    func submit(_ rows: [SubmittedRow]) async throws -> Submission { try await endpoint.submit(rows) }
}
