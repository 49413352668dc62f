import SentenceEncoder

/// Half of a SHA-256: two texts of the same are the same text.
package struct TextHash: Sendable, Hashable {
    private let high: UInt64
    private let low: UInt64

    /// A half is as good as both: it is of a hash.
    package func hash(into hasher: inout Hasher) { hasher.combine(high) }

    /// - Parameters:
    ///   - text: The text.
    ///   - mark: What else two texts must have in common.
    package init(_ text: String, mark: UInt8 = 0) {
        let digest = SHA256.digest(of: text)
        high = digest[0..<8].reduce(0) { $0 << 8 | UInt64($1) } ^ UInt64(mark)
        low = digest[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Its first eight bytes in hexadecimal, for what is to be compared and not told.
    package var hexadecimal: String {
        let digits = String(high, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// The answers of a provider, by their texts, so that none is paid for twice: of those used least lately it lets go first.
///
/// Vectors lie side by side in slabs that are filled anew and never freed: a million arrays, each freed at another time
/// than it was made, would leave holes that the allocator fills with something else, and the process would grow.
struct AnswerMemory: Sendable {
    /// A vector, and whether it is of a part of the text.
    struct Answer: Sendable, Hashable {
        var vector: [Float]
        var isCut: Bool

        init(_ vector: [Float], isCut: Bool = false) {
            self.vector = vector
            self.isCut = isCut
        }

        /// Its components, and its share of the two collections here.
        fileprivate var bytes: Int { vector.count * 4 + 128 }
    }

    private struct Node {
        var key: TextHash
        var isCut: Bool
        /// Neighbours in the order of use; -1 for none.
        var newer = -1
        var older = -1
    }

    /// The most that it holds, in bytes.
    let capacity: Int
    /// What it holds, in bytes.
    private(set) var bytes = 0
    private var places: [TextHash: Int] = [:]
    private var nodes: [Node] = []
    private var newest = -1
    private var oldest = -1
    /// Components of a vector: of the first that is kept, and so of all.
    private var dimension = 0
    private var slabs: [[Float]] = []

    /// The components of a slab, at most.
    private static let slab = 1 << 18

    /// - Parameter capacity: The most that it holds, in bytes.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Answers that it holds.
    var count: Int { places.count }

    /// The answer to a text, which is used by that.
    mutating func answer(to key: TextHash) -> Answer? {
        guard let place = places[key] else { return nil }
        if newest != place {
            unlink(place)
            link(place)
        }
        let (slab, range) = room(of: place)
        return Answer(Array(slabs[slab][range]), isCut: nodes[place].isCut)
    }

    /// Keeps an answer; the first to a text stays. A vector of another length than those that are kept is not kept.
    mutating func keep(_ answer: Answer, to key: TextHash) {
        guard places[key] == nil, answer.bytes <= capacity, !answer.vector.isEmpty else { return }
        if dimension == 0 { dimension = answer.vector.count }
        guard answer.vector.count == dimension else { return }
        let place: Int
        let node = Node(key: key, isCut: answer.isCut)
        if bytes + answer.bytes <= capacity {
            place = nodes.count
            nodes.append(node)
            bytes += answer.bytes
        } else {
            place = oldest
            unlink(place)
            places[nodes[place].key] = nil
            nodes[place] = node
        }
        let (slab, range) = room(of: place)
        if slab == slabs.count { slabs.append([Float](repeating: 0, count: perSlab * dimension)) }
        slabs[slab].replaceSubrange(range, with: answer.vector)
        places[key] = place
        link(place)
    }

    private var perSlab: Int { max(1, min(Self.slab / dimension, capacity / (dimension * 4))) }

    /// Where the vector of a place is.
    private func room(of place: Int) -> (slab: Int, components: Range<Int>) {
        let start = place % perSlab * dimension
        return (place / perSlab, start..<start + dimension)
    }

    private mutating func link(_ place: Int) {
        (nodes[place].newer, nodes[place].older) = (-1, newest)
        if newest >= 0 { nodes[newest].newer = place } else { oldest = place }
        newest = place
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (nodes[place].newer, nodes[place].older)
        if newer >= 0 { nodes[newer].older = older } else { newest = older }
        if older >= 0 { nodes[older].newer = newer } else { oldest = newer }
    }
}
