/// A request to a provider.
package struct HTTPRequest: Sendable {
    /// The whole address, with its query.
    package var url: String
    /// Fields in the order in which they are sent, keys among them.
    package var fields: [(name: String, value: String)]
    /// What is posted.
    package var body: [UInt8]
    /// Bytes that the answer may have; nil: as many as the transport takes.
    var answerLimit: Int?

    package init(
        url: String, fields: [(name: String, value: String)] = [], body: [UInt8], answerLimit: Int? = nil
    ) {
        self.url = url
        self.fields = fields
        self.body = body
        self.answerLimit = answerLimit
    }
}

/// What came back, whatever the status: the whole of it, decompressed, and not more than was allowed.
package struct HTTPResponse: Sendable {
    /// The status code.
    package var status: Int
    /// Fields by name, in lower case; of several of one name the last.
    package var fields: [String: String]
    /// The body.
    package var body: [UInt8]

    package init(status: Int, fields: [String: String] = [:], body: [UInt8]) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}

/// Carries a request to a provider and its answer back, within the limits of time and size that it was made with.
package protocol HTTPTransport: Sendable {
    /// Posts a request.
    ///
    /// A redirect is not followed: its answer is what comes back.
    /// - Throws: ``ServiceFailure/unavailable(_:)`` where there is no whole answer, or `CancellationError`.
    func post(_ request: HTTPRequest) async throws -> HTTPResponse
}
