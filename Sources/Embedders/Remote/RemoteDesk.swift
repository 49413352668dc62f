/// What the calls of a remote embedder share: what was answered already, what is on its way, and whose turn it is.
///
/// A text that one call has sent is not sent by another: it waits for the answer.
actor RemoteDesk {
    /// What a call is to do about a text.
    enum Share: Sendable {
        /// It was answered earlier.
        case known(AnswerMemory.Answer)
        /// It is this call's to send, and to settle.
        case ours
        /// Another call has sent it.
        case theirs
    }

    /// Why a request does not go.
    enum Refusal: Error {
        /// The call has failed already.
        case abandoned
        /// It has more tokens than are left of the day's: a part of it may go.
        case moreThanLeft
    }

    /// A request that waits for its turn.
    private struct Turn {
        let id: Int
        let call: Int
        let estimate: Int
        let isDivisible: Bool
        let continuation: CheckedContinuation<Throttle.Ticket, any Error>
    }

    private struct Waiter {
        let id: Int
        let continuation: CheckedContinuation<AnswerMemory.Answer?, Never>
    }

    private var memory: AnswerMemory
    private(set) var throttle: Throttle
    private var sent: [TextHash: [Waiter]] = [:]
    private var turns: [Turn] = []
    private var gone: Set<Int> = []
    private var ids = 0
    private var timer: (task: Task<Void, Never>, at: ContinuousClock.Instant)?
    private(set) var allowance: Allowance?
    /// The model that has answered last, as it was told.
    private(set) var model: String?
    /// The most texts of a request that was answered, and the most that one may have since larger ones were not.
    private var fitting = 0
    private(set) var mostInputs = Int.max
    /// The provider has failed, and has answered nothing since.
    private(set) var isDoubtful = false
    private var lastAnswer: ContinuousClock.Instant?
    private var isFinished = false
    private let clock: @Sendable () -> Throttle.Moment
    private let shared: (any SharedUsage)?
    private let endsAtCeiling: Bool

    /// Nobody waits here for longer: whoever asked can do something else meanwhile, and is told so.
    static let patience = Duration.seconds(10)

    init(
        memory: AnswerMemory, throttle: Throttle, clock: @escaping @Sendable () -> Throttle.Moment,
        shared: (any SharedUsage)? = nil, endsAtCeiling: Bool = false
    ) {
        self.memory = memory
        self.throttle = throttle
        self.clock = clock
        self.shared = shared
        self.endsAtCeiling = endsAtCeiling
    }

    /// A number for a call.
    func number() -> Int {
        ids += 1
        return ids
    }

    // MARK: Texts

    /// Divides texts into those that are answered, those that this call is to send, and those that another has sent.
    func share(_ keys: [TextHash]) -> [Share] {
        keys.map { key in
            if sent[key] != nil { return .theirs }
            if let answer = memory.answer(to: key) { return .known(answer) }
            sent[key] = []
            return .ours
        }
    }

    /// Texts that a call was to send are answered, all of one request.
    func settle(_ answers: [TextHash: AnswerMemory.Answer]) {
        fitting = max(fitting, answers.count)
        for (key, answer) in answers {
            memory.keep(answer, to: key)
            settle(key, answer)
        }
    }

    /// Texts that a call was to send will not be answered.
    func giveUp(_ keys: [TextHash]) {
        for key in keys { settle(key, nil) }
    }

    private func settle(_ key: TextHash, _ answer: AnswerMemory.Answer?) {
        for waiter in sent.removeValue(forKey: key) ?? [] { waiter.continuation.resume(returning: answer) }
    }

    /// The answer to a text that another call has sent; nil where it has failed.
    func answer(to key: TextHash) async throws -> AnswerMemory.Answer? {
        guard sent[key] != nil else { return memory.answer(to: key) }
        let id = number()
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<AnswerMemory.Answer?, Never>) in
                // It may have been settled on the way here, where the task prefers an executor of its own.
                if Task.isCancelled || sent[key] == nil {
                    return continuation.resume(returning: memory.answer(to: key))
                }
                sent[key]?.append(Waiter(id: id, continuation: continuation))
            }
        } onCancel: {
            Task { await self.leave(key, id) }
        }
        try Task.checkCancellation()
        return answer
    }

    private func leave(_ key: TextHash, _ id: Int) {
        guard let index = sent[key]?.firstIndex(where: { $0.id == id }) else { return }
        sent[key]?.remove(at: index).continuation.resume(returning: nil)
    }

    // MARK: Requests

    /// Waits until a request may go.
    ///
    /// - Parameters:
    ///   - isFirst: Whether it goes before all that wait: it decides whether those are of any use.
    ///   - isDivisible: Whether it can be made smaller where less is left of the day.
    /// - Throws: ``EmbedderError/limited(retryAfter:because:)`` where that takes too long, ``Refusal``, `CancellationError`.
    func turn(
        call: Int, estimate: Int, isFirst: Bool = false, isDivisible: Bool = false
    ) async throws -> Throttle.Ticket {
        let id = number()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Throttle.Ticket, any Error>) in
                if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
                if isFinished || gone.contains(call) { return continuation.resume(throwing: Refusal.abandoned) }
                let turn = Turn(
                    id: id, call: call, estimate: estimate, isDivisible: isDivisible, continuation: continuation)
                turns.insert(turn, at: isFirst ? 0 : turns.count)
                serve()
            }
        } onCancel: {
            Task { await self.withdraw(with: CancellationError()) { $0.id == id } }
        }
    }

    /// The call has failed: what of it has not gone yet does not go.
    func abandon(call: Int) {
        isDoubtful = true
        gone.insert(call)
        withdraw(with: Refusal.abandoned) { $0.call == call }
    }

    /// Nothing goes any more; what is on its way is waited for by whoever sent it.
    func finish() {
        isFinished = true
        withdraw(with: Refusal.abandoned) { _ in true }
    }

    /// The call is over.
    func close(call: Int) { gone.remove(call) }

    /// A request is answered.
    func answered(_ ticket: Throttle.Ticket, _ answer: ServiceAnswer) {
        (allowance, model) = (answer.allowance, answer.model)
        (lastAnswer, isDoubtful) = (clock().instant, false)
        settled { $0.answered(ticket, charged: answer.tokens, answer.allowance, at: $1) }
    }

    /// Whether the provider was well a moment ago.
    func hasAnsweredLately() -> Bool { lastAnswer.map { clock().instant - $0 < .seconds(5) } ?? false }

    /// A request is settled.
    ///
    /// - Parameter ended: The call that has failed by it: what of it has not gone yet does not go.
    func settled(ending ended: Int? = nil, _ note: @Sendable (inout Throttle, Throttle.Moment) -> Void) {
        note(&throttle, clock())
        share()
        if let ended { abandon(call: ended) }
        serve()
    }

    /// A request of so many texts was too large, and its halves were not: where the provider does not say what it takes, it
    /// is found out once. Of a few texts, or of no more than it has taken before, it is their length that was too much.
    ///
    /// - Parameter isOfNumber: Whether it was their number for sure.
    func splits(_ inputs: Int, isOfNumber: Bool) {
        guard inputs > fitting, isOfNumber || inputs >= 16 && (inputs + 1) / 2 <= fitting else { return }
        mostInputs = min(mostInputs, fitting)
    }

    private func withdraw(with error: any Error, where isMeant: (Turn) -> Bool) {
        let meant = turns.filter(isMeant)
        guard !meant.isEmpty else { return }
        turns.removeAll(where: isMeant)
        for turn in meant { turn.continuation.resume(throwing: error) }
        serve()
    }

    /// Lets go what may, in the order in which it came.
    private func serve() {
        while let first = turns.first {
            let now = clock()
            share()
            switch throttle.next(estimate: first.estimate, at: now) {
            case .send(let ticket):
                share()
                turns.removeFirst()
                first.continuation.resume(returning: ticket)
            case .full: return
            case .wait(let until, _) where until - now.instant <= Self.patience: return wake(at: until)
            case .wait(let until, let reason):
                refuse(EmbedderError.limited(retryAfter: until - now.instant, because: reason))
            case .tooMuch where first.isDivisible:
                turns.removeFirst()
                first.continuation.resume(throwing: Refusal.moreThanLeft)
            case .tooMuch(left: 0, _, let reason):
                turns.removeFirst()
                first.continuation.resume(throwing: EmbedderError.refused(reason))
            case .tooMuch(_, let until, let reason), .stopped(let until, let reason):
                refuse(
                    endsAtCeiling
                        ? DayCeilingReached(description: reason)
                        : EmbedderError.limited(retryAfter: until - now.instant, because: reason))
            }
        }
    }

    private func refuse(_ error: any Error) {
        let waiting = turns
        turns = []
        for turn in waiting { turn.continuation.resume(throwing: error) }
    }

    /// Others may have sent something meanwhile.
    private func share() {
        if let shared { throttle.share(shared) }
    }

    private func wake(at time: ContinuousClock.Instant) {
        if let timer, timer.at <= time { return }
        timer?.task.cancel()
        let task = Task {
            try? await Task.sleep(until: time, clock: .continuous)
            if !Task.isCancelled { self.ring() }
        }
        timer = (task, time)
    }

    private func ring() {
        timer = nil
        serve()
    }
}
