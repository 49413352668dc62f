extension Intake {
    /// What kept everything waiting may be over: one batch finds out.
    mutating func probe() { breaker.probe() }

    /// So many rows of a batch were locked before they were embedded, and come again.
    mutating func giveBack(locked rows: Int, of all: Int) {
        ceiling?.giveBack(rows, latest: rows == all)
        begun -= rows
    }

    /// How many of so many rows may be begun now; nil for none.
    func room(_ most: Int, _ rows: Int, at now: Instant) -> Int? {
        let room = min(most, max(rows, 1))
        let granted = ceiling?.grant(room, at: now) ?? room
        return granted > 0 ? granted : nil
    }
}
