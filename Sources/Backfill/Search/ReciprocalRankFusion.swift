/// How two lists of rows become one without comparing their scores, which are of different kinds.
///
/// A row's score is the sum of 1/(k + rank) over the lists that it is in. Source: Cormack, Clarke and Büttcher, "Reciprocal
/// Rank Fusion outperforms Condorcet and individual Rank Learning Methods", SIGIR 2009, with their k of 60.
enum ReciprocalRankFusion {
    /// Their k: how little the first places stand out.
    static let smoothing = 60

    /// The score of a row with these ranks, from 1.
    static func score(_ ranks: [Int?]) -> Double {
        ranks.compactMap { $0 }.reduce(0) { $0 + 1 / Double(smoothing + $1) }
    }
}
