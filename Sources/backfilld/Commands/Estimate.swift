import Backfill
import Embedders

/// What a backlog is going to cost at a provider, reckoned before anything is sent.
struct Estimate: Encodable {
    let table: String
    /// Pending rows.
    var rows = 0
    /// Rows without text, which are not sent.
    var withoutText = 0
    /// Rows whose text another row has too; it is sent once.
    var repeated = 0
    /// Texts that are longer than the limit.
    var long = 0
    /// Tokens of all that is sent.
    var tokens = 0
    /// Whether the model's own tokenizer has counted them.
    let isExact: Bool
    /// What they cost; nil where no price is configured.
    private(set) var price: Double?
    private(set) var pricePerMillionTokens: Double?

    private var plan: RequestPlan
    private var seen: Set<TextHash> = []

    /// Texts that are told apart; those of a longer backlog count each for itself.
    private static let mostSeen = 1_000_000

    private enum CodingKeys: String, CodingKey {
        case table, rows, withoutText, repeated, long, tokens, isExact, price, pricePerMillionTokens
    }

    init(table: String, limits: RequestLimits, count: TokenCount, pricePerMillionTokens: Double?) {
        self.table = table
        isExact = count.isExact
        plan = RequestPlan(limits, count)
        self.pricePerMillionTokens = pricePerMillionTokens
        price = pricePerMillionTokens.map { _ in 0 }
    }

    /// Takes in some texts.
    mutating func add(_ texts: [String]) {
        rows += texts.count
        for text in texts {
            guard !text.isEmpty else {
                withoutText += 1
                continue
            }
            let key = TextHash(text)
            let isNew = seen.count < Self.mostSeen ? seen.insert(key).inserted : !seen.contains(key)
            guard isNew else {
                repeated += 1
                continue
            }
            let item = plan.item(text, key: key)
            if item.isCut { long += 1 }
            tokens += item.likely
        }
        price = pricePerMillionTokens.map { $0 * Double(tokens) / 1e6 }
    }

    /// For people.
    var line: String {
        var line = "\(table): \(rows.grouped) rows are pending"
        var parts: [String] = []
        if withoutText > 0 { parts.append("\(withoutText.grouped) without text") }
        if repeated > 0 { parts.append("\(repeated.grouped) with a text that another has too") }
        if long > 0 { parts.append("\(long.grouped) cut to the limit of a text") }
        if !parts.isEmpty { line += " (\(parts.joined(separator: ", ")))" }
        line += ", \(isExact ? "" : "about ")\(tokens.grouped) tokens"
        if let price, let pricePerMillionTokens {
            line += ", \(Self.money(price)) at \(Self.money(pricePerMillionTokens)) for a million tokens"
        }
        line += isExact ? "." : ". Without remote.tokenizer that may be a third more or less."
        if price == nil { line += " With remote.price it tells what they cost." }
        return line
    }

    /// With four places behind the point.
    private static func money(_ amount: Double) -> String {
        guard amount < 1e12 else { return "\(amount)" }
        let parts = Int((amount * 10_000).rounded())
        let rest = String(parts % 10_000)
        return (parts / 10_000).grouped + "." + String(repeating: "0", count: 4 - rest.count) + rest
    }
}
