import PostgresClient

/// Lets the writes of one table go one after another, where triggers of its owner may have them wait for each other: such as
/// one that updates a parent row.
actor WriteTurn: Gated {
    var gate = Gate<CheckedContinuation<Void, any Error>>(places: 1)
    /// Until it is known better.
    private var isNeeded = true

    /// Waits for its turn where there are any.
    func run<T: Sendable>(_ body: @Sendable () async throws -> T) async throws -> T {
        guard isNeeded else { return try await body() }
        try await enter()
        defer { leave() }
        return try await body()
    }

    /// A write has seen whether the owner has triggers.
    func learn(hasTriggers: Bool) { isNeeded = hasTriggers }
}
