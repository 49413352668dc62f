import SentenceEncoder

/// Which texts go into which call of the embedder: pure.
///
/// A request that comes while a place is free sets off at once, alone. While all places are taken requests gather, and the
/// next free place takes as many of them together as fit. A large request comes in pieces, each of which queues behind the
/// first pieces of others, so that a small one never waits for all of a large one.
struct GatheringPlan {
    /// Texts of one request that are embedded together.
    struct Piece: Equatable {
        var request: Int
        var role: TextRole
        var texts: Range<Int>
        fileprivate var order: Int
    }

    /// Calls at once. Two keep all lanes busy while an answer is rendered, and leave the daemon's own batches a third of the
    /// lanes at the least: lanes take items from calls in turn.
    let places: Int
    /// Texts of one call.
    let most: Int
    /// Texts that may wait, at most.
    let room: Int
    private var waiting: [Piece] = []
    private var clock = 0
    private(set) var underWay = 0
    private(set) var waitingTexts = 0

    init(places: Int = 2, most: Int = 128, room: Int = 16_384) {
        self.places = places
        self.most = most
        self.room = room
    }

    /// A request comes. False where there is no room for it.
    mutating func add(_ request: Int, _ role: TextRole, texts: Int) -> Bool {
        guard waitingTexts + texts <= room else { return false }
        var order = clock
        for start in stride(from: 0, to: texts, by: most) {
            let piece = Piece(request: request, role: role, texts: start..<min(start + most, texts), order: order)
            // Behind all of the same order: first come, first served.
            var place = waiting.count
            while place > 0, waiting[place - 1].order > order { place -= 1 }
            waiting.insert(piece, at: place)
            order += 1
        }
        waitingTexts += texts
        return true
    }

    /// What sets off now, if anything.
    mutating func next() -> [Piece]? {
        guard underWay < places, let first = waiting.first else { return nil }
        clock = max(clock, first.order)
        var (call, left): ([Piece], [Piece]) = ([], [])
        var texts = 0
        for piece in waiting {
            // One call has one role; and what does not fit lets nothing past.
            if piece.role == first.role, left.allSatisfy({ $0.role != piece.role }), texts + piece.texts.count <= most {
                call.append(piece)
                texts += piece.texts.count
            } else {
                left.append(piece)
            }
        }
        waiting = left
        waitingTexts -= texts
        underWay += 1
        return call
    }

    /// A call has ended.
    mutating func ended() { underWay -= 1 }

    /// Nobody wants what is left of a request.
    mutating func forget(_ request: Int) {
        waitingTexts -= waiting.filter { $0.request == request }.reduce(0) { $0 + $1.texts.count }
        waiting.removeAll { $0.request == request }
    }
}
