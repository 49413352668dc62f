/// Finds the names that somebody who wrote `name` may have meant.
enum NearestNames {
    /// At most three of `candidates`, nearest first; empty when nothing is near.
    static func of(_ name: String, among candidates: [String]) -> [String] {
        let wanted = folded(name)
        return
            candidates
            .compactMap { candidate -> (distance: Int, name: String)? in
                let distance = distance(wanted, folded(candidate))
                return distance <= max(1, wanted.count / 3) ? (distance, candidate) : nil
            }
            .sorted { $0.distance != $1.distance ? $0.distance < $1.distance : $0.name < $1.name }
            .prefix(3)
            .map(\.name)
    }

    private static func folded(_ name: String) -> [UInt8] { Array(name.lowercased().utf8) }

    /// Levenshtein's distance.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        var row = Array(0...b.count)
        for i in 1...a.count {
            var diagonal = row[0]
            row[0] = i
            for j in 1...b.count {
                let above = row[j]
                row[j] = min(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1))
                diagonal = above
            }
        }
        return row[b.count]
    }
}
