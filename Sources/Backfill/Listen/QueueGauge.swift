/// When to speak of how full the server's notification queue is: once, and again when it had been better in between.
struct QueueGauge {
    /// The part of the queue that is worth a word. From half of it on the triggers send nothing.
    static let high = 0.25

    private var isHigh = false

    /// What was measured; whether that is news.
    mutating func record(_ usage: Double) -> Bool {
        defer { isHigh = usage > Self.high }
        return usage > Self.high && !isHigh
    }
}
