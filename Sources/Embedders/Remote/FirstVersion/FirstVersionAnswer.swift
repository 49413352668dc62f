import SentenceEncoder

/// Reads the answer of an endpoint of the first version: bytes from outside, of which nothing is taken for granted.
enum FirstVersionAnswer {
    /// Reads an answer of status 200.
    ///
    /// - Throws: ``ServiceFailure/refused(_:)`` for `"success": false`, which may be about the rows or the endpoint;
    ///   ``ServiceFailure/unavailable(_:)`` for an answer that can't be used.
    static func read(
        _ response: HTTPResponse, _ rows: [SubmittedRow], _ endpoint: FirstVersionEndpoint
    ) throws(ServiceFailure) -> Submission {
        let answer = try parse(response, endpoint)
        let message = ProviderMessage(body: response.body).text.flatMap {
            Redaction(secrets: endpoint.secrets).told($0, sent: rows.map(\.text))
        }
        let (vectors, flaws) = try vectors(answer, rows, endpoint)
        switch answer["success"] {
        case .bool(true)?: break
        case .bool(false)?:
            let said = RefusalWords(response.body, sent: rows.map(\.text), secrets: endpoint.secrets).said
            throw .refused("\(endpoint.address.shown) answered success: false\(said)")
        // Vectors say more than a word that is missing.
        case nil where !vectors.isEmpty, .null? where !vectors.isEmpty: break
        case nil: throw unusable(endpoint, "no member \"success\"")
        case let other?: throw unusable(endpoint, "\(other.kind) as \"success\"")
        }
        var updated = try count("updated", answer, endpoint)
        if updated == nil { updated = try count("processed", answer, endpoint) }
        return Submission(updated: updated, message: message, vectors: vectors, flaws: flaws)
    }

    private static func parse(_ response: HTTPResponse, _ endpoint: FirstVersionEndpoint) throws(ServiceFailure) -> JSON
    {
        let answer: JSON
        do throws(JSONError) {
            answer = try JSON.parse(response.body, values: 8_000_000)
        } catch {
            let type = response.fields["content-type"].map { $0.prefix { $0 != ";" }.prefix(40) } ?? "no type"
            let kind = type.allSatisfy { $0.isASCII && !$0.isWhitespace } ? String(type) : "no type"
            throw unusable(
                endpoint,
                response.body.isEmpty
                    ? "nothing" : "\(response.body.count) bytes of \(kind) that are no JSON (\(error.problem))")
        }
        guard answer.members != nil else { throw unusable(endpoint, answer.kind) }
        return answer
    }

    private static func count(
        _ name: String, _ answer: JSON, _ endpoint: FirstVersionEndpoint
    ) throws(ServiceFailure) -> Int? {
        guard let value = answer[name], !value.isNull else { return nil }
        guard let count = value.int, count >= 0 else { throw unusable(endpoint, "\(value.kind) as \"\(name)\"") }
        return count
    }

    /// The vectors under `rows`, by the place of their row, and why some are none. Rows without one, or of nobody who was asked
    /// for, count for nothing.
    private static func vectors(
        _ answer: JSON, _ rows: [SubmittedRow], _ endpoint: FirstVersionEndpoint
    ) throws(ServiceFailure) -> (vectors: [Int: [Float]], flaws: [Int: String]) {
        guard let given = answer["rows"], !given.isNull else { return ([:], [:]) }
        // A count under this name is how some report.
        guard let elements = given.elements else {
            if given.int != nil { return ([:], [:]) }
            throw unusable(endpoint, "\(given.kind) as \"rows\"")
        }
        let places = Dictionary(rows.enumerated().map { (Array($1.key.utf8), $0) }) { first, _ in first }
        var vectors: [Int: [Float]] = [:]
        var flaws: [Int: String] = [:]
        for element in elements {
            guard element.members != nil else { throw unusable(endpoint, "\(element.kind) among \"rows\"") }
            guard let embedding = element["embedding"], !embedding.isNull else { continue }
            guard let key = key(element["id"]) else { throw unusable(endpoint, "an embedding without an \"id\"") }
            guard let place = places[key] else { continue }
            guard vectors[place] == nil, flaws[place] == nil else {
                throw unusable(endpoint, "two embeddings for one row")
            }
            vectors[place] = vector(embedding)
            if vectors[place] == nil {
                flaws[place] = "\(endpoint.address.shown) answered an embedding that is no array of numbers"
            }
        }
        return (vectors, flaws)
    }

    /// A key may come back as the number that it looks like.
    private static func key(_ id: JSON?) -> [UInt8]? {
        switch id {
        case .string(let bytes)?: bytes
        case .integer(let number)?: Array(String(number).utf8)
        default: nil
        }
    }

    /// An array of numbers, or the text that pgvector makes of one.
    private static func vector(_ value: JSON) -> [Float]? {
        if let text = value.bytes {
            guard text.first == UInt8(ascii: "["), let array = try? JSON.parse(text), array.elements != nil else {
                return nil
            }
            return vector(array)
        }
        guard let elements = value.elements else { return nil }
        var vector: [Float] = []
        vector.reserveCapacity(elements.count)
        for element in elements {
            guard let number = element.double else { return nil }
            vector.append(Float(number))
        }
        return vector
    }

    private static func unusable(_ endpoint: FirstVersionEndpoint, _ what: String) -> ServiceFailure {
        .unavailable(
            "\(endpoint.address.shown) answered \(what), where an object with \"success\" and \"updated\", or with \"rows\", "
                + "is expected. Is this the address of upsert-embeddings?")
    }
}
