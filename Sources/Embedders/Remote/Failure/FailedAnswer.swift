/// Says what an answer of another status than success means, and for whom.
struct FailedAnswer {
    /// Who was asked.
    var address: WebAddress
    var model: String
    var key: RemoteKey?
    /// What must not be told, beside the key: the values of fields and of the query.
    var secrets: [String]

    /// The failure.
    ///
    /// - Parameters:
    ///   - texts: What was sent, to be sure that none of it is told.
    ///   - now: Seconds since 1970.
    func failure(_ response: HTTPResponse, texts: [String], now: Int) -> ServiceFailure {
        let message = ProviderMessage(body: response.body)
        let said =
            Self.mayQuote(response.status) ? words(of: response, texts).said : self.said(message, texts)
        let what = "\(address.place) answers \(response.status)\(said)"
        let wait = RateFields.retryAfter(response.fields, now: now)
        switch response.status {
        case 300...399: return redirected(response)
        case 400, 422: return message.namesMoney ? denied(what) : message.namesSize ? .tooLarge(what) : .refused(what)
        case 413: return .tooLarge(what)
        case 401, 402, 403: return denied(what)
        case 404, 405, 410:
            return .missing(
                "\(what): there is no such address or no model '\(model)' at \(address.shown); "
                    + "look at remote.url and remote.model")
        case 429:
            if message.namesMoney { return denied("\(what): the account has no money left") }
            // More than a minute's tokens, which no waiting makes less.
            if message.namesOneRequest { return .tooLarge(what) }
            return .limited(retryAfter: wait, RateFields.allowance(response.fields))
        case 503 where wait != nil, 529 where wait != nil:
            return .limited(retryAfter: wait, RateFields.allowance(response.fields))
        // Some servers call a text that they have no room for their own failure (llama-server).
        case 500 where message.namesSize: return .tooLarge(what)
        // Of a text whose vector is none (Ollama, text-embeddings-inference), or by itself.
        case 424, 500: return .broken(what)
        default: return .unavailable(what)
        }
    }

    /// The failure of an answer of success that can't be used.
    func failure(_ problem: AnswerProblem, _ response: HTTPResponse, texts: [String]) -> ServiceFailure {
        if let coding = response.fields["content-encoding"]?.lowercased(),
            !["gzip", "deflate", "identity"].contains(coding)
        {
            return .broken("the answer of \(address.place) is compressed in a way that was not asked for")
        }
        // Some say with success that they failed. What there is of a right answer is no message.
        let said = response.body.count <= 4096 ? said(ProviderMessage(body: response.body), texts) : ""
        let what = "the answer of \(address.place) can't be used: \(problem.text)\(said)"
        if problem.concernsDimension { return .denied("\(what); look at remote.model and remote.dimension") }
        return problem.concernsNumber ? .tooMany(what) : .broken(what)
    }

    /// `: MESSAGE`, or nothing.
    private func said(_ message: ProviderMessage, _ texts: [String]) -> String {
        let redaction = Redaction(secrets: secrets + [key?.secret].compactMap(\.self))
        return message.text.flatMap { redaction.told($0, sent: texts) }.map { ": \($0)" } ?? ""
    }

    private func denied(_ what: String) -> ServiceFailure {
        let who = key.map { "it was asked with \($0)" } ?? "it was asked without a key; set remote.key"
        return .denied("\(what) (\(who))")
    }

    /// A redirect that lasts wants another setting; another may pass.
    private func redirected(_ response: HTTPResponse) -> ServiceFailure {
        let place = response.fields["location"].flatMap(Self.target) ?? "another address"
        let what = "\(address.place) answers \(response.status) and sends us to \(place), where nothing is sent"
        return [301, 308].contains(response.status)
            ? .denied("\(what); set remote.url if that is the right one") : .unavailable(what)
    }

    /// Where to, without query, user and password.
    private static func target(_ location: String) -> String? {
        let plain = location.prefix { $0 != "?" && $0 != "#" }
        guard plain.utf8.count <= 200, plain.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
        guard let scheme = plain.firstRange(of: "://") else { return plain.contains("@") ? nil : String(plain) }
        let rest = plain[scheme.upperBound...]
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        guard let at = rest[..<end].lastIndex(of: "@") else { return String(plain) }
        return String(plain[..<scheme.upperBound]) + String(rest[rest.index(after: at)...])
    }
}
