import Backfill
import Embedders
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import PostgresClient
import Synchronization

/// Answers requests: who asks, what for, whether there is room, and then the endpoint.
final class Responder: Sendable {
    let limits: ConsoleLimits
    let services: ConsoleServices
    let gathering: Gathering?
    let directoryIfAny: TableDirectory?
    let maps: TableMaps?
    let quality: TableQuality?
    /// What is told to whoever watches.
    var feed: EventFeed { lateFeed.withLock { $0! } }
    private let lateFeed = Mutex<EventFeed?>(nil)
    let page: Page
    let isStopping = Atomic<Bool>(false)
    private let access: Mutex<Access>
    private let underWay = Atomic<Int>(0)
    private let logger: Logger

    init(
        _ settings: ConsoleSettings, _ services: ConsoleServices, page: Page, executor: (any TaskExecutor)?,
        logger: Logger
    ) {
        limits = settings.limits
        self.services = services
        self.page = page
        gathering = services.embedder.map { Gathering($0, tally: services.tally, executor: executor) }
        access = Mutex(Access(token: settings.token, origins: settings.origins))
        self.logger = logger
        directoryIfAny = services.pool.map {
            TableDirectory(services.tables, order: services.order, pool: $0, watching: services.watching)
        }
        maps = directoryIfAny.map { [tally = services.tally] in
            TableMaps($0, executor: executor) { tally.counts.tables.mapValues(\.written) }
        }
        quality = (services.measuring ?? services.pool).flatMap { pool in
            services.quality.map { TableQuality(pool: pool, measure: $0) }
        }
        let feed = EventFeed(services.tally, executor: executor) { [weak self] in
            await self?.statusTree() ?? .null
        } rows: { [weak self] in
            await self?.writtenTree($0, $1)
        }
        lateFeed.withLock { $0 = feed }
    }

    /// Another token, or other origins, from the next request on. Whoever watches has to ask anew.
    func apply(_ settings: ConsoleSettings) {
        let other = Access(token: settings.token, origins: settings.origins)
        let isChanged = access.withLock { access in
            defer { access = other }
            return access != other
        }
        if isChanged { Task { [feed] in await feed.dismiss() } }
    }

    /// Answers what is under way, and lets no connection go on after that.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        Task { [feed] in await feed.end() }
    }

    /// Answers one request.
    func respond(_ request: Request, _ writer: consuming ResponseWriter) async throws {
        let began = ContinuousClock.now
        let (path, query) = Self.split(request.head.path ?? "")
        let endpoint = Endpoint(path: path)
        var answer = await answer(request, endpoint, query)
        let origin = request.headers[.origin]
        answer.fields.append(contentsOf: access.withLock { $0.fields(for: origin) }, replacing: true)
        // What was not read of the request is not waited for.
        if request.method == .post, answer.status.code >= 400 || isStopping.load(ordering: .relaxed) { answer.closes() }
        let kind = Tally.RequestKind(endpoint: endpoint?.rawValue ?? "other", status: answer.status.code)
        let head = HTTPTypes.HTTPResponse(status: answer.status, headerFields: answer.fields)
        if request.method == .head {
            services.tally.answered(kind, took: .now - began)
            return try await writer.writeResponse(head)
        }
        switch answer.body {
        case .whole(let bytes):
            services.tally.answered(kind, took: .now - began)
            try await writer.write(response: head, body: ResponseBody(byteBuffer: bytes))
        case .stream(let send):
            services.tally.answered(kind, took: .zero)
            var body = try await writer.writeHead(head)
            try await send { try await body.write($0) }
            try await body.finish(nil)
        }
    }

    /// The path, and what stands behind the question mark.
    private static func split(_ target: String) -> (path: Substring, query: Substring) {
        guard let mark = target.firstIndex(of: "?") else { return (target[...], "") }
        return (target[..<mark], target[target.index(after: mark)...])
    }

    private func answer(_ request: Request, _ endpoint: Endpoint?, _ query: Substring) async -> ConsoleAnswer {
        let access = access.withLock(\.self)
        guard let endpoint else {
            // Whoever has no token does not learn what there is.
            if case .refused(let status, let message) = access.decide(request.head, isOpen: false) {
                return refusal(status, message, nil)
            }
            return .error(.notFound, "there is nothing of that name; docs/console.md lists what there is")
        }
        if request.method == .options {
            let fields = access.preflight(for: request.headers[.origin], methods: endpoint.methods)
            guard !fields.isEmpty else {
                return refusal(.forbidden, "pages of this origin may not ask; allow it with console.origins", endpoint)
            }
            var answer = ConsoleAnswer.empty(.noContent)
            answer.fields[.contentLength] = nil
            answer.fields.append(contentsOf: fields, replacing: true)
            return answer
        }
        if case .refused(let status, let message) = access.decide(
            request.head, isOpen: endpoint.isOpen, isPage: endpoint == .page)
        {
            return refusal(status, message, endpoint)
        }
        guard endpoint.methods.contains(request.method) else {
            var answer = error(.methodNotAllowed, "this is asked with \(endpoint.methods[0].rawValue)", endpoint)
            answer.fields[.allow] = (endpoint.methods + [.options]).map(\.rawValue).joined(separator: ", ")
            return answer
        }
        guard !endpoint.isAlwaysAnswered else { return await perform(request, endpoint, query) }
        defer { underWay.subtract(1, ordering: .relaxed) }
        guard underWay.add(1, ordering: .relaxed).newValue <= limits.requests else {
            services.tally.refused("busy")
            return error(
                Refused(.serviceUnavailable, "too many requests are under way; try again in a second", retryAfter: 1),
                endpoint)
        }
        services.observe(true)
        defer { services.observe(false) }
        return await perform(request, endpoint, query)
    }

    private func perform(_ request: Request, _ endpoint: Endpoint, _ query: Substring) async -> ConsoleAnswer {
        do {
            var body: [UInt8] = []
            if request.method == .post {
                body = Array(buffer: try await request.body.collect(upTo: limits.bodyBytes))
            }
            guard let pairs = QueryText.parse(query) else {
                throw Refused.bad("what stands behind the question mark is no query: an escape is wrong")
            }
            return try await answer(endpoint, pairs, body)
        } catch {
            return self.error(Self.refused(for: error, logger), endpoint)
        }
    }

    /// What a caller is told of an error: never what the database said, which may have a row's text in it.
    static func refused(for error: any Error, _ logger: Logger) -> Refused {
        switch error {
        case let refused as Refused: return refused
        case EmbedderError.refused(let reason): return Refused(.badRequest, "the embedder refused the text: \(reason)")
        case EmbedderError.limited(let wait, _):
            let seconds = wait.map { max(1, Int($0.inSeconds.rounded(.up))) } ?? 1
            return Refused(.tooManyRequests, "the provider asks for fewer requests", retryAfter: seconds)
        case is EmbedderError:
            return Refused(.badGateway, "the embedder does not answer; the daemon's log says why")
        case let error as PostgresError where error.isConnectionFailure:
            return Refused(.serviceUnavailable, "the database is away", retryAfter: 5)
        case let error as PostgresError where error.hasState("55P03"):
            return Refused(
                .serviceUnavailable, "the table is locked, by a change of its schema, say; try again in a while",
                retryAfter: 5)
        case let problem as TableProblem: return Refused(.serviceUnavailable, "\(problem)", retryAfter: 10)
        case is CancellationError: return Refused(HTTPTypes.HTTPResponse.Status(code: 499), "the caller went away")
        default:
            logger.debug("the console failed: \(error)")
            return Refused(.internalServerError, "this failed; at log.level debug the daemon's log says why")
        }
    }

    private func refusal(_ status: HTTPTypes.HTTPResponse.Status, _ message: String, _ endpoint: Endpoint?)
        -> ConsoleAnswer
    {
        services.tally.refused(status == .unauthorized ? "token" : "origin")
        var answer = error(status, message, endpoint)
        if status == .unauthorized { answer.fields[.wwwAuthenticate] = "Bearer realm=\"backfilld\"" }
        answer.closes()
        return answer
    }

    private func error(_ status: HTTPTypes.HTTPResponse.Status, _ message: String, _ endpoint: Endpoint?)
        -> ConsoleAnswer
    {
        error(Refused(status, message), endpoint)
    }

    private func error(_ refused: Refused, _ endpoint: Endpoint?) -> ConsoleAnswer {
        var answer = ConsoleAnswer.error(refused.status, refused.message)
        if endpoint?.isOpenAI == true {
            let kind = refused.status.code < 500 ? "invalid_request_error" : "server_error"
            let closes = answer.fields[.connection]
            answer = .json(
                refused.status,
                ["error": ["message": .string(refused.message), "type": .string(kind), "param": .null, "code": .null]])
            answer.fields[.connection] = closes
        }
        if let wait = refused.retryAfter { answer.fields[.retryAfter] = String(wait) }
        return answer
    }
}

extension HTTPFields {
    /// Adds fields; those that are there already give way.
    mutating func append(contentsOf fields: HTTPFields, replacing: Bool) {
        if replacing { for field in fields { self[field.name] = nil } }
        for field in fields { append(field) }
    }
}
