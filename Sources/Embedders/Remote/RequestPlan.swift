/// What one request to a provider may carry.
package struct RequestLimits: Sendable, Hashable {
    /// Texts in a request.
    package var inputs: Int
    /// Tokens in a text; nil where the provider cuts longer ones itself.
    package var inputTokens: Int?
    /// Tokens in a request; nil for no limit.
    package var requestTokens: Int?
    /// Bytes in the body of a request.
    package var requestBytes: Int

    package init(inputs: Int = 2048, inputTokens: Int? = nil, requestTokens: Int? = nil, requestBytes: Int = 8 << 20) {
        self.inputs = inputs
        self.inputTokens = inputTokens
        self.requestTokens = requestTokens
        self.requestBytes = requestBytes
    }
}

/// Splits texts into requests, none over the limits, so that none is refused for its size.
package struct RequestPlan: Sendable {
    /// A text on its way into a request.
    package struct Item: Sendable, Hashable {
        /// By which it is known to whoever wants it embedded.
        package var key: TextHash
        /// What is sent: all of it, or its beginning.
        package var text: String
        /// Whether it is only the beginning.
        package var isCut: Bool
        /// Tokens that it has at most.
        package var most: Int
        /// Tokens that it is likely to have.
        package var likely: Int
        /// What it takes up in a body, prompt, quotes and comma included.
        package var bytes: Int
    }

    /// The limits of a request.
    package var limits: RequestLimits
    private let count: TokenCount
    /// What the prompt takes up before each text.
    private let promptBytes: Int

    package init(_ limits: RequestLimits, _ count: TokenCount) {
        self.limits = limits
        self.count = count
        promptBytes = Self.bytes(of: count.prompt) - 3
    }

    /// A text, cut where it is too long.
    package func item(_ text: String, key: TextHash, isCut: Bool = false) -> Item {
        let short = limits.inputTokens.flatMap { count.cut(text, to: $0) }
        let sent = short ?? text
        let likely = count.likely(in: sent)
        return Item(
            key: key, text: sent, isCut: isCut || short != nil,
            // Where nothing limits it, it need not be counted twice.
            most: limits.requestTokens == nil || count.isExact ? likely : count.most(in: sent), likely: likely,
            bytes: promptBytes + Self.bytes(of: sent))
    }

    /// The requests, in the order of the texts. A text that is over the limits of a request goes alone.
    package func requests(of items: [Item]) -> [[Item]] {
        var requests: [[Item]] = []
        var request: [Item] = []
        var (tokens, bytes) = (0, 0)
        for item in items {
            let isFull =
                request.count >= limits.inputs || bytes + item.bytes > limits.requestBytes
                || tokens + item.most > limits.requestTokens ?? .max
            if isFull, !request.isEmpty {
                requests.append(request)
                (request, tokens, bytes) = ([], 0, 0)
            }
            request.append(item)
            tokens += item.most
            bytes += item.bytes
        }
        if !request.isEmpty { requests.append(request) }
        return requests
    }

    /// A request in two halves; nil for one text.
    package static func halves(of request: [Item]) -> [[Item]]? {
        guard request.count > 1 else { return nil }
        let middle = request.count / 2
        return [Array(request[..<middle]), Array(request[middle...])]
    }

    /// Half of a text that is too long however its tokens were counted; nil where little is left of it.
    package func shortened(_ item: Item) -> Item? {
        let half = item.text.beginning(bytes: item.text.utf8.count / 2)
        guard half.utf8.count >= 16 else { return nil }
        return self.item(half, key: item.key, isCut: true)
    }

    /// A text as a JSON string: its bytes, what is escaped of them, quotes and comma.
    private static func bytes(of text: String) -> Int {
        text.utf8.reduce(3) { sum, byte in
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x08...0x0A, 0x0C, 0x0D: sum + 2
            case 0..<0x20: sum + 6
            default: sum + 1
            }
        }
    }
}
