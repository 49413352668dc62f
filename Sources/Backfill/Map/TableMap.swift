import Projections

/// A row that a map is made from.
package struct MapRow: Sendable, Hashable {
    /// Its key, as text.
    package var key: String
    /// What it is called.
    package var title: String
    /// Its kind; nil for none.
    package var category: String?
    /// Its vector, all of it finite.
    package var vector: [Float]
}

/// A table in two dimensions: rows that mean much the same lie close together.
package struct TableMap: Sendable, Hashable {
    /// A row, and where it lies.
    package struct Point: Sendable, Hashable {
        /// Its key, as text.
        package let key: String
        /// What it is called.
        package let title: String
        /// Its kind; nil for none.
        package let category: String?
        /// Where it lies, within −1…1.
        package let x: Float
        /// Where it lies, within −1…1.
        package let y: Float
    }

    /// Where vectors fall.
    package let projection: Projection
    /// The rows of the sample.
    package let points: [Point]

    /// An earlier projection is kept as long as it shows this share of what it showed when it was made.
    private static let enough = 0.85

    /// Computes it, which takes a moment: see `BackgroundThread`.
    ///
    /// - Parameters:
    ///   - rows: A sample, in a stable order.
    ///   - before: An earlier map of the table: as long as its projection still fits, every row stays where it was; and
    ///     otherwise the new one is turned to be as near to it as it can.
    /// - Returns: nil where there are fewer than three rows, or all of them are alike.
    package init?(of rows: [MapRow], after before: TableMap? = nil) {
        let vectors = rows.map(\.vector)
        if let old = before?.projection, vectors.count > 2, old.mean.count == vectors[0].count,
            old.share(of: vectors) >= Self.enough * old.explained.reduce(0, +)
        {
            projection = old
        } else if let new = Projection(of: vectors, after: before?.projection) {
            projection = new
        } else {
            return nil
        }
        points = rows.map { [projection] row in
            let (x, y) = projection.point(of: row.vector)
            return Point(
                key: row.key, title: row.title, category: row.category, x: min(max(x, -1), 1), y: min(max(y, -1), 1))
        }
    }

    /// Where a vector falls: a query's, or a row's that is not in the sample; nil for one of another length.
    package func point(of vector: [Float]) -> (x: Float, y: Float)? {
        guard vector.count == projection.mean.count, vector.allSatisfy(\.isFinite) else { return nil }
        let (x, y) = projection.point(of: vector)
        return (min(max(x, -1), 1), min(max(y, -1), 1))
    }

    /// A hash of the projection (FNV-1a, 64 bits): as long as it is the same, points of one map fit on another.
    package var version: String {
        let numbers = Array(projection.axes.joined()) + projection.mean + [projection.reach]
        return FNV1a.digits(
            numbers.lazy.flatMap { number in
                stride(from: 0, to: 32, by: 8).map { UInt8(truncatingIfNeeded: number.bitPattern >> $0) }
            })
    }
}
