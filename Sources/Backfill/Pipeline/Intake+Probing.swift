extension Intake {
    /// What kept everything waiting may be over: one batch finds out.
    mutating func probe() { breaker.probe() }

    /// How many of so many rows may be begun now; nil for none.
    func room(_ most: Int, _ rows: Int, at now: Instant) -> Int? {
        let room = min(most, max(rows, 1))
        let granted = ceiling?.grant(room, at: now) ?? room
        return granted > 0 ? granted : nil
    }
}
