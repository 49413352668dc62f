/// What a transport is made with.
package struct HTTPTransportOptions: Sendable {
    /// Connections to a server that speaks HTTP/1.1, at most: the requests in flight.
    package var connections: Int
    /// How long a connection may take to be made, TLS and proxy included.
    package var connectDeadline: Duration
    /// How long a request may take from its begin to the last byte of its answer.
    package var deadline: Duration
    /// Bytes of an answer, decompressed, where the request does not say how many.
    var answerLimit: Int
    /// A file of certificates (PEM) to trust instead of the system's.
    package var authorities: String?
    /// Nil: none.
    package var proxy: HTTPProxy?

    package init(
        connections: Int = 8, connectDeadline: Duration = .seconds(10), deadline: Duration = .seconds(60),
        answerLimit: Int = 64 << 20, authorities: String? = nil, proxy: HTTPProxy? = nil
    ) {
        self.connections = connections
        self.connectDeadline = connectDeadline
        self.deadline = deadline
        self.answerLimit = answerLimit
        self.authorities = authorities
        self.proxy = proxy
    }
}
