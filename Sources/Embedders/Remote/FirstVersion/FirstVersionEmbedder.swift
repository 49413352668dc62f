import Synchronization

/// An endpoint of the first version of this system: it is given keys and texts, and updates the table by itself.
///
/// The request is `{"rows":[{"id","text"}]}`, the answer `{"success","processed","updated","message"}`, or one with the
/// vectors under `rows`.
package final class FirstVersionEmbedder: WritingEmbedder, KeyedEmbedder {
    /// The endpoint's name, and the model that it is said to have: it does not tell.
    package let identity: EmbedderIdentity
    /// Rows in a request.
    package let limits: EmbedderLimits
    private let endpoint: Mutex<FirstVersionEndpoint>
    private let transport: any HTTPTransport
    private let desk: RemoteDesk
    private let now: @Sendable () -> Int

    /// - Parameters:
    ///   - endpoint: Where it is.
    ///   - transport: Carries the requests, each within its deadline.
    ///   - model: The model whose vectors the endpoint makes, for the record beside the column.
    ///   - dimension: The column's.
    ///   - rows: Rows in a request, at most.
    ///   - bytes: Bytes of text in a request, at most.
    ///   - pace: How many requests go, and how fast.
    ///   - shared: Counts what others have sent today too.
    ///   - endsAtCeiling: Whether a ceiling of the day is an error rather than something to wait for.
    ///   - now: Seconds since 1970, for an endpoint that says with a date when to come again.
    package init(
        _ endpoint: FirstVersionEndpoint, transport: any HTTPTransport, model: String = "unknown", dimension: Int,
        rows: Int = 100, bytes: Int = 1 << 20, pace: Throttle.Settings = Throttle.Settings(),
        shared: (any SharedUsage)? = nil, endsAtCeiling: Bool = false, now: @escaping @Sendable () -> Int = unixTime
    ) {
        identity = EmbedderIdentity(embedder: endpoint.name, model: model, dimension: dimension)
        limits = EmbedderLimits(rows: rows, bytes: min(bytes, 1 << 20))
        self.endpoint = Mutex(endpoint)
        self.transport = transport
        self.now = now
        desk = RemoteDesk(
            // Its vectors are in the table, not here.
            memory: AnswerMemory(capacity: 0), throttle: Throttle(pace),
            clock: { Throttle.Moment(.now, seconds: now()) }, shared: shared, endsAtCeiling: endsAtCeiling)
    }

    package var warnings: [String] { endpoint.withLock(\.warnings) }

    package func use(_ key: RemoteKey?) { endpoint.withLock { $0 = $0.with(key) } }

    /// Hands rows over in one request.
    ///
    /// - Throws: Also `DayCeilingReached`.
    package func submit(_ rows: [SubmittedRow]) async throws -> Submission {
        let count = TokenCount()
        let estimate = rows.reduce(0) { $0 + count.likely(in: $1.text) }
        let ticket: Throttle.Ticket
        do {
            ticket = try await desk.turn(call: desk.number(), estimate: estimate, isDivisible: rows.count > 1)
        } catch RemoteDesk.Refusal.moreThanLeft {
            // Like a request that is too large, it is split.
            throw EmbedderError.refused("its rows have more tokens than are left of the day's (remote.tokensPerDay)")
        }
        do {
            let submission = try await withLatestKey({ endpoint.withLock(\.key) }) { _ in
                try await submit(rows, to: endpoint.withLock(\.self))
            }
            await desk.settled { $0.answered(ticket, charged: nil, Allowance(), at: $1) }
            return submission
        } catch ServiceFailure.limited(let wait, let allowance) {
            await desk.settled { $0.limited(ticket, retryAfter: wait, allowance, at: $1) }
            throw EmbedderError.limited(retryAfter: wait)
        } catch {
            let failure = error as? ServiceFailure
            let isTrouble =
                switch failure {
                case .unavailable?, .broken?, .tooMany?: true
                default: false
                }
            await desk.settled {
                $0.failed(ticket, isCharged: isTrouble || failure == nil, isOverload: isTrouble, at: $1)
            }
            throw failure.map(Self.error) ?? error
        }
    }

    /// What a request without rows is answered with, which by contract is 400: nothing is written.
    ///
    /// - Returns: What was found, for people.
    /// - Throws: ``EmbedderError``.
    package func tryOut() async throws -> String {
        let endpoint = endpoint.withLock(\.self)
        do {
            let request = HTTPRequest(url: endpoint.address.url, fields: endpoint.fields, body: Self.body([]))
            let response = try await transport.post(request)
            switch response.status {
            case 400, 422: return "\(endpoint.address.shown) answers, and takes no request without rows, as it should"
            case 200..<300: return "\(endpoint.address.shown) answers, also to a request without rows"
            default: throw failure(response, [], endpoint)
            }
        } catch let failure as ServiceFailure {
            throw Self.error(failure)
        }
    }

    private func submit(_ rows: [SubmittedRow], to endpoint: FirstVersionEndpoint) async throws -> Submission {
        let request = HTTPRequest(url: endpoint.address.url, fields: endpoint.fields, body: Self.body(rows))
        let response = try await transport.post(request)
        guard 200..<300 ~= response.status else { throw failure(response, rows.map(\.text), endpoint) }
        return try FirstVersionAnswer.read(response, rows, endpoint)
    }

    /// `{"rows":[{"id":"1","text":"…"}]}`
    static func body(_ rows: [SubmittedRow]) -> [UInt8] {
        var body = [UInt8](#"{"rows":["#.utf8)
        for (number, row) in rows.enumerated() {
            var object = JSONObjectText(reserving: row.key.utf8.count + row.text.utf8.count + 32)
            object.add("id", row.key)
            object.add("text", row.text)
            if number > 0 { body.append(UInt8(ascii: ",")) }
            body += object.bytes
        }
        return body + "]}".utf8
    }

    /// What another status than success means.
    private func failure(
        _ response: HTTPResponse, _ texts: [String], _ endpoint: FirstVersionEndpoint
    ) -> ServiceFailure {
        let redaction = Redaction(secrets: endpoint.secrets)
        let said = ProviderMessage(body: response.body).text.flatMap { redaction.told($0, sent: texts) }
        let credential = endpoint.credential
        let what = "\(endpoint.address.shown) answered \(response.status)" + (said.map { ": \($0)" } ?? "")
        switch response.status {
        case 401, 403:
            let who = credential.map { "with \($0)" } ?? "without a key"
            return .denied("\(what) (it was asked \(who)); look whether the keys are those that it wants")
        case 404, 405, 410: return .denied("\(what): there is no upsert-embeddings at this address")
        default:
            let failed = FailedAnswer(
                address: endpoint.address, model: identity.model, key: credential, secrets: endpoint.secrets)
            return failed.failure(response, texts: texts, now: now())
        }
    }

    /// What a failed exchange is to whoever asked. A request that is too large is split like one that is refused.
    private static func error(_ failure: ServiceFailure) -> EmbedderError {
        switch failure {
        case .refused(let reason), .tooLarge(let reason), .tooMany(let reason): .refused(reason)
        default: failure.embedderError ?? failure.ofWhatever
        }
    }
}
