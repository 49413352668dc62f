/// What several processes together have sent today, for ceilings that count by the day.
package protocol SharedUsage: Sendable {
    /// Adds what this process has sent since the last time, which is negative where less was charged than reckoned.
    ///
    /// - Returns: What all have sent on that day, or on a later one that has begun.
    func add(_ part: DayUsage) throws(SharedUsageError) -> DayUsage
}

/// The count of a day can't be read or written, so that nobody knows whether a ceiling is reached.
package struct SharedUsageError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, and where.
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// A ceiling of the day is reached, for whoever does not wait until the next one.
package struct DayCeilingReached: Error, Sendable, Hashable, CustomStringConvertible {
    /// Which, and when it goes on.
    package let description: String
}
