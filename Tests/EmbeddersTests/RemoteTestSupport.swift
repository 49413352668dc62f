import Synchronization

@testable import Embedders

/// Answers requests from a list, without a network, and remembers them.
final class RecordedTransport: HTTPTransport {
    private let answers: Mutex<[HTTPResponse]>
    private let asked = Mutex<[HTTPRequest]>([])
    private let heard = Mutex<(@Sendable () -> Void)?>(nil)

    /// Gives these, one after the other.
    init(_ answers: HTTPResponse...) { self.answers = Mutex(answers) }

    /// Does something while each request is on its way.
    func hears(_ body: @escaping @Sendable () -> Void) { heard.withLock { $0 = body } }

    var requests: [HTTPRequest] { asked.withLock { $0 } }

    /// The bodies of all requests as text.
    var bodies: [String] { requests.map { String(decoding: $0.body, as: UTF8.self) } }

    func post(_ request: HTTPRequest) async throws -> HTTPResponse {
        asked.withLock { $0.append(request) }
        heard.withLock(\.self)?()
        return try answers.withLock { answers in
            guard !answers.isEmpty else { throw ServiceFailure.unavailable("no more answers are recorded") }
            return answers.removeFirst()
        }
    }
}

extension HTTPResponse {
    /// An answer of text.
    init(_ status: Int, _ body: String, fields: [String: String] = [:]) {
        self.init(status: status, fields: fields, body: Array(body.utf8))
    }
}

extension HTTPRequest {
    /// The values of a field, whatever the case of its name.
    func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name }.map(\.value)
    }
}

/// What an expression fails of; nil where it does not, or of something else.
func serviceFailure(_ body: () async throws -> Void) async -> ServiceFailure? {
    do {
        try await body()
        return nil
    } catch {
        return error as? ServiceFailure
    }
}

extension ServiceFailure {
    /// Its case.
    var kind: String {
        switch self {
        case .refused: "refused"
        case .tooLarge: "tooLarge"
        case .tooMany: "tooMany"
        case .limited: "limited"
        case .broken: "broken"
        case .unavailable: "unavailable"
        case .missing: "missing"
        case .denied: "denied"
        }
    }
}

/// Little-endian floats as base64, written otherwise than the reader reads them.
func base64(_ vector: [Float]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var bits: [UInt32] = []
    for value in vector {
        for byte in 0..<4 {
            for bit in (0..<8).reversed() { bits.append(value.bitPattern >> UInt32(8 * byte + bit) & 1) }
        }
    }
    var text = ""
    for start in stride(from: 0, to: bits.count, by: 6) {
        let six = bits[start..<min(start + 6, bits.count)]
        let value: UInt32 = six.reduce(0) { $0 << 1 | $1 }
        text.append(digits[Int(value << UInt32(6 - six.count))])
    }
    return text + String(repeating: "=", count: (4 - text.count % 4) % 4)
}
