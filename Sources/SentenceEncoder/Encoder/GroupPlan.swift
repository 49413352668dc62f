/// Which sequences are computed together: groups that fill a product well and end together on all lanes.
enum GroupPlan {
    /// Tokens of a group below which sharing it out to lanes costs more than it brings.
    static let smallest = 24

    /// Plans groups.
    ///
    /// - Parameters:
    ///   - lengths: Tokens of each sequence, each at most `capacity`.
    ///   - lanes: How many groups are computed at the same time.
    ///   - capacity: The most tokens of a group.
    /// - Returns: Indices of `lengths`, each once, in groups; the costliest group first.
    static func groups(_ lengths: [Int], lanes: Int, capacity: Int) -> [[Int]] {
        let tokens = lengths.reduce(0, +)
        guard tokens > 0 else { return [] }
        var count = (tokens + capacity - 1) / capacity
        // A multiple of the lanes, so that the last round has work for all of them.
        if tokens >= smallest * lanes { count = (count + lanes - 1) / lanes * lanes }
        var groups = [Group](repeating: Group(), count: min(count, lengths.count))
        // The longest first, each to the group with the least so far.
        for index in lengths.indices.sorted(by: { (lengths[$1], $0) < (lengths[$0], $1) }) {
            let length = lengths[index]
            let lightest = groups.indices.lazy.filter { groups[$0].tokens + length <= capacity }
                .min { groups[$0].cost < groups[$1].cost }
            if let lightest {
                groups[lightest].add(index, length)
            } else {
                groups.append(Group())
                groups[groups.count - 1].add(index, length)
            }
        }
        return groups.sorted { $0.cost > $1.cost }.map(\.members)
    }

    private struct Group {
        var members: [Int] = []
        var tokens = 0
        var cost = 0.0

        mutating func add(_ index: Int, _ length: Int) {
            members.append(index)
            tokens += length
            // Linear layers cost by the token, attention by the pair; of 1,200 tokens, it would be as much as they.
            cost += Double(length) * (1 + Double(length) / 1200)
        }
    }
}
