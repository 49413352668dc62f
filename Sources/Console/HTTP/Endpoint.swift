import HTTPTypes

/// What can be asked of the console.
enum Endpoint: String, CaseIterable, Sendable {
    case page = "/"
    case health = "/healthz"
    case readiness = "/readyz"
    case metrics = "/metrics"
    case embeddings = "/v1/embeddings"
    case upsert = "/api/upsert-embeddings"
    case tables = "/api/tables"
    case search = "/api/search"
    case map = "/api/map"
    case quality = "/api/quality"
    case status = "/api/status"
    case events = "/api/events"

    /// By its path, written exactly so: nothing is decoded and no dots are followed, for there are no files.
    init?(path: Substring) {
        guard let found = Self.allCases.first(where: { $0.rawValue.utf8.elementsEqual(path.utf8) }) else { return nil }
        self = found
    }

    /// How it is asked.
    var methods: [HTTPRequest.Method] {
        switch self {
        case .embeddings, .upsert: [.post]
        default: [.get, .head]
        }
    }

    /// Whether it has nothing that a stranger may not see.
    var isOpen: Bool { self == .page || self == .health || self == .readiness }
    /// Whether errors look as OpenAI's do.
    var isOpenAI: Bool { self == .embeddings }
    /// Whether a saturated console answers it all the same: what watches the service has to.
    var isAlwaysAnswered: Bool { isOpen || self == .metrics || self == .status || self == .events }
}
