import Backfill
import Embedders
import Logging
import TestSupport

@testable import Console

/// A console in this process, on a port of its own, without a daemon behind it.
final class RunningConsole: Sendable {
    let console: Console
    let name: String
    let tally: Tally
    private let work: Task<Void, any Error>

    init(
        listen: ListenAddress = .tcp(host: "127.0.0.1", port: 0), token: String? = nil, origins: [String] = [],
        tls: TLSFiles? = nil, embedder: (any Embedder)? = HashEmbedder(dimension: 8),
        _ change: (inout ConsoleLimits) -> Void = { _ in }, services adjust: (inout ConsoleServices) -> Void = { _ in }
    ) throws {
        var limits = ConsoleLimits()
        change(&limits)
        let settings = ConsoleSettings(
            listen: listen, token: token.flatMap { BearerToken($0) }, origins: origins, tls: tls, limits: limits)
        let sockets = try ListeningSockets(settings)
        name = sockets.names[0]
        let tally = Tally(tables: [1: "public.notes"])
        self.tally = tally
        let vitals = Vitals(tables: [1: "public.notes"])
        var services = ConsoleServices(
            vitals: { vitals }, version: "test", embedderName: "a test's",
            embedder: embedder.map { embedder in
                QueryEmbedder(identity: embedder.identity, rows: embedder.limits.rows) { texts, _ in
                    QueryEmbedder.Answer(
                        vectors: try await embedder.embed(texts).vectors, tokens: texts.reduce(0) { $0 + $1.utf8.count }
                    )
                }
            }, tally: tally, statusLine: { "listening" })
        adjust(&services)
        let console = try Console(settings, sockets: sockets, services: services, logger: Logger(label: "console"))
        self.console = console
        work = Task { try await console.run() }
    }

    /// Stops it, and waits for its end.
    func stop() async throws {
        console.stop()
        try await withDeadline(.seconds(120), "the console's end") { [work] in try await work.value }
    }

    deinit { work.cancel() }

    /// One request on a connection of its own.
    func ask(_ request: String, hasBody: Bool = true) async throws -> RawClient.Answer? {
        try await offPool { [name] in
            let client = try RawClient(name)
            client.send(request)
            return try client.answer(hasBody: hasBody)
        }
    }

    func get(_ path: String, _ fields: String...) async throws -> RawClient.Answer {
        let fields = (["Host: \(name)"] + fields).map { "\($0)\r\n" }.joined()
        guard let answer = try await ask("GET \(path) HTTP/1.1\r\n\(fields)\r\n") else {
            throw RawClient.Failure(description: "no answer to GET \(path)")
        }
        return answer
    }

    func post(_ path: String, _ body: String, _ fields: String...) async throws -> RawClient.Answer {
        let fields = (["Host: \(name)", "Content-Length: \(body.utf8.count)"] + fields).map { "\($0)\r\n" }.joined()
        guard let answer = try await ask("POST \(path) HTTP/1.1\r\n\(fields)\r\n\(body)") else {
            throw RawClient.Failure(description: "no answer to POST \(path)")
        }
        return answer
    }
}
