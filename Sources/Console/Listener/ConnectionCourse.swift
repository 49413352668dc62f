import NIOCore

/// How far a connection is, and until when it has to be further: pure, told the time.
///
/// Every state but that of an answer that streams has a deadline, so no peer keeps a connection by being slow.
struct ConnectionCourse {
    /// What to do about what came.
    enum Verdict: Equatable {
        case pass
        /// Nobody is to see it.
        case drop
        /// Nothing more is read; this is the answer where none is on its way.
        case refuse(Refusal)
    }

    /// Why a connection ends before a request was understood.
    enum Refusal: Error, Equatable {
        case tooLarge, malformed, headerTooLarge
        /// No host is named, or two.
        case host
        /// The body is coded in a way that is not read.
        case coding
    }

    private let limits: ConsoleLimits
    private var received = 0
    private var complete = 0
    private var answered = 0
    private var bodyBytes = 0
    private var hasHead = false
    private var isStalled = false
    private var since: NIODeadline
    /// Whether the connection ends with the answer under way.
    private var endsAfterAnswer = false
    /// Whether it ends with the last answer that is owed.
    private var endsWhenAnswered = false
    /// When a caller who sends nothing more is taken for gone.
    private var goneBy: NIODeadline?
    /// Whether the last answer is out, and nothing that comes counts any more.
    private(set) var isOver = false

    init(_ limits: ConsoleLimits, at now: NIODeadline) {
        self.limits = limits
        since = now
    }

    /// Whether an answer is owed.
    var owesAnswer: Bool { received > answered }
    /// Whether an answer is on its way.
    var hasBegunAnswer: Bool { hasHead }
    /// Whether the request that is to be answered is the last that came.
    var isAlone: Bool { received == answered + 1 }
    /// Since when nothing is asked and nothing owed; nil while something is.
    var restsSince: NIODeadline? { owesAnswer || complete < received || isOver ? nil : since }

    /// A request begins.
    mutating func head(length: Int?, close: Bool, at now: NIODeadline) -> Verdict {
        guard !isOver else { return .drop }
        if !owesAnswer { since = now }
        received += 1
        bodyBytes = 0
        if close { endsWhenAnswered = true }
        return length ?? 0 > limits.bodyBytes ? .refuse(.tooLarge) : .pass
    }

    /// More of a body has come.
    mutating func body(_ bytes: Int) -> Verdict {
        guard !isOver else { return .drop }
        bodyBytes += bytes
        return bodyBytes > limits.bodyBytes ? .refuse(.tooLarge) : .pass
    }

    /// A request is complete.
    mutating func end(at now: NIODeadline) -> Verdict {
        guard !isOver else { return .drop }
        complete += 1
        // An answer has its time from here; and so has the rest, where the answer was out before.
        if complete == answered + 1 || complete == answered { since = now }
        return .pass
    }

    /// An answer begins.
    mutating func answers(close: Bool) {
        hasHead = true
        if close { endsAfterAnswer = true }
    }

    /// An answer is written. True where the connection ends with it.
    mutating func answered(at now: NIODeadline) -> Bool {
        answered += 1
        hasHead = false
        // A body that was not waited for is not given more time by its answer.
        if complete >= answered { since = now }
        return (endsAfterAnswer || endsWhenAnswered && !owesAnswer) && !isOver
    }

    /// What comes behind the requests so far is not understood. True where nothing is left to be answered first.
    mutating func broken() -> Bool {
        endsWhenAnswered = true
        return complete < received || !owesAnswer
    }

    /// The peer sends nothing more. What it has asked for is still sent where that is there in a moment: few who say that
    /// wait, and most are gone.
    mutating func inputClosed(at now: NIODeadline) {
        endsWhenAnswered = true
        if goneBy == nil { goneBy = now + .seconds(1) }
    }

    /// The peer takes no more bytes, or takes them again.
    mutating func stalled(_ stalled: Bool, at now: NIODeadline) {
        isStalled = stalled
        since = now
    }

    /// The last answer is out, or there is none to be had.
    mutating func over(at now: NIODeadline) {
        isOver = true
        since = now
    }

    /// Until when something has to happen; nil where nothing has to.
    var deadline: NIODeadline? {
        guard let goneBy else { return due }
        return due.map { min($0, goneBy) } ?? goneBy
    }

    private var due: NIODeadline? {
        // Long enough for a peer to read an answer that it did not wait for.
        if isOver { return since + .seconds(1) }
        if isStalled { return since + TimeAmount(limits.answer) }
        if !owesAnswer, complete < received { return since + TimeAmount(limits.body) }
        guard owesAnswer else { return since + TimeAmount(received == 0 ? limits.header : limits.idle) }
        if complete == answered { return since + TimeAmount(limits.body) }
        return hasHead ? nil : since + TimeAmount(limits.answer)
    }
}
