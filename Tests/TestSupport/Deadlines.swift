/// Something did not happen in time.
public struct DeadlineMissed: Error, CustomStringConvertible {
    /// What was waited for.
    public let what: String
    /// How long.
    public let limit: Duration
    /// What was to be seen instead, if anything.
    public var found: String?
    /// The line of the test.
    public let place: String

    /// One line, and what was to be seen instead below it, indented as `scripts/test-part` tells it.
    public var description: String {
        let lines = found?.split(separator: "\n").map { "\n  \($0)" } ?? []
        return "\(place): not within \(limit): \(what)" + lines.joined()
    }
}

/// Runs `body` and throws ``DeadlineMissed`` when it has not ended in time, even if it does not answer to cancellation.
///
/// - Parameters:
///   - limit: How long it may take.
///   - what: What it does, for the message.
public func withDeadline<Result: Sendable>(
    _ limit: Duration,
    _ what: String = "the end of this block",
    fileID: String = #fileID,
    line: Int = #line,
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    typealias Outcome = Swift.Result<Result, any Error>
    let outcome = Observed<Outcome?>(nil)
    @Sendable func finish(_ result: Outcome) { outcome.update { if $0 == nil { $0 = result } } }
    let work = Task {
        do { finish(.success(try await body())) } catch { finish(.failure(error)) }
    }
    let timer = Task {
        // Cancelled when the work was done first: there is nothing to say then.
        guard (try? await Task.sleep(for: limit)) != nil else { return }
        finish(.failure(DeadlineMissed(what: what, limit: limit, place: "\(fileID):\(line)")))
    }
    defer {
        work.cancel()
        timer.cancel()
    }
    return try await outcome.first { try $0?.get() }
}

/// Asks again and again until `condition` holds; throws ``DeadlineMissed`` when it does not in time.
///
/// For what can only be asked for, such as a row in a database. What announces itself is waited for without polling.
///
/// - Parameters:
///   - what: What is waited for, for the message.
///   - limit: How long it may take.
///   - interval: How often it is asked for.
///   - condition: The question. An error it throws ends the waiting at once.
public func eventually(
    _ what: String = "the condition",
    within limit: Duration = .seconds(120),
    polling interval: Duration = .milliseconds(10),
    fileID: String = #fileID,
    line: Int = #line,
    isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool
) async throws {
    _ = try await eventuallyValue(
        what, within: limit, polling: interval, fileID: fileID, line: line, isolation: isolation
    ) {
        try await condition() ? true : nil
    }
}

/// Asks again and again until `question` has an answer, and returns it; throws ``DeadlineMissed`` when there is none
/// in time.
///
/// - Parameters:
///   - what: What is waited for, for the message.
///   - limit: How long it may take.
///   - interval: How often it is asked for.
///   - question: The question. An error it throws ends the waiting at once.
public func eventuallyValue<Value>(
    _ what: String = "the value",
    within limit: Duration = .seconds(120),
    polling interval: Duration = .milliseconds(10),
    fileID: String = #fileID,
    line: Int = #line,
    isolation: isolated (any Actor)? = #isolation,
    _ question: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + limit
    while true {
        if let value = try await question() { return value }
        guard ContinuousClock.now < end else {
            throw DeadlineMissed(what: what, limit: limit, place: "\(fileID):\(line)")
        }
        // The one sleep that is not a deadline: the pace at which a condition that announces nothing is asked for.
        try await Task.sleep(for: interval)
    }
}
