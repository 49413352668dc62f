/// Finds the names that somebody who wrote `name` may have meant.
enum NearestNames {
    /// At most three of `candidates`, nearest first; empty when nothing is near.
    static func of(_ name: String, among candidates: [String]) -> [String] {
        let wanted = name.lowercased()
        return
            candidates
            .compactMap { candidate -> (distance: Int, name: String)? in
                let distance = editDistance(wanted, candidate.lowercased())
                return distance <= max(1, wanted.utf8.count / 3) ? (distance, candidate) : nil
            }
            .sorted { $0.distance != $1.distance ? $0.distance < $1.distance : $0.name < $1.name }
            .prefix(3)
            .map(\.name)
    }
}
