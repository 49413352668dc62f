import PostgresClient

/// Which rows this daemon has to itself: advisory locks of its session, one for each bucket of keys (ADR 0009).
///
/// A claim costs no write and no lock on a user's row, and goes with the session of a daemon that dies. Locks of a session
/// are re-entrant, so what is held is remembered here. A claim that was lost with its session is no reason to stop: what is
/// under way is finished and written under the guard; only work may be done twice then.
actor Claims: Gated {
    var gate: Gate<CheckedContinuation<Void, any Error>> = Gate(places: 1)

    /// What became of an attempt to claim rows.
    struct Attempt: Sendable, Hashable {
        /// These are ours until they are released.
        var claimed: [RowKey] = []
        /// These are a peer's at the moment.
        var taken: [RowKey] = []
        /// For these there is no room in our share of the server's locks until others are released.
        var left: [RowKey] = []
        /// The session that they were claimed with, by its number.
        fileprivate var epoch = 0
    }

    private enum Session {
        case none
        /// No lock of a session can be relied on: a transaction pooler is in between.
        case lockless
        case open(PostgresConnection)
    }

    private var session = Session.none
    /// The server process of the last session.
    private var backend: ServerProcess?
    /// The number that no other daemon of this database has, from 1 on, small ones first.
    private(set) var seat: Int32?
    private(set) var share = ClaimShare(room: 0, daemons: 1)
    /// The locks that the session has.
    private var held: Set<Int32> = []
    /// For how many rows in flight each of them is held.
    private var working: [Int32: Int] = [:]
    /// The rows that wait for somebody's lock that it is held for.
    private var kept: [Int32: Set<RowKey>] = [:]
    /// Counts the sessions.
    private var epoch = 0

    private static let deadline = Duration.seconds(10)

    /// Claims nothing until there is a session.
    init() {}

    // MARK: The session

    /// From now on claims are locks of this session; those of the one before went with it.
    ///
    /// - Throws: `PostgresError`; `CancellationError`.
    func attach(_ connection: PostgresConnection) async throws {
        change(to: .none)
        // The server may not have noticed yet that the session before is gone, and keep its locks from everybody.
        if let backend { try await evict(backend, holding: AdvisoryLock.presence, on: connection) }
        backend = try await ServerProcess.of(connection)
        let seat: Int32? = try await connection.execute(
            Statement("count in as a daemon", SQLFile.claimPresence, [.int4(AdvisoryLock.presence)]),
            deadline: Self.deadline
        ).first?.decode("seat")
        try await countDaemons(on: connection)
        change(to: .open(connection))
        self.seat = seat
    }

    /// The session is gone.
    func detach() { change(to: .none) }

    /// Everything is ours without a lock: somebody else sees to it that there is one daemon a table.
    func withoutLocks() { change(to: .lockless) }

    private func change(to session: Session) {
        (held, working, kept) = ([], [:], [:])
        seat = nil
        epoch += 1
        self.session = session
    }

    /// So many daemons are connected now. Where that makes our share smaller, rows that are kept must leave room for others.
    func makeRoom(for daemons: Int) async {
        share = ClaimShare(room: share.room, daemons: max(daemons, 1))
        let surplus = kept.keys.prefix(max(kept.count - share.locks / 2, 0))
        guard !surplus.isEmpty else { return }
        for lock in surplus { kept[lock] = nil }
        await unlockInTurn(Set(surplus))
    }

    private func countDaemons(on connection: PostgresConnection) async throws {
        let answer = try await connection.execute(
            Statement("count the daemons", SQLFile.claimRoom, [.int4(AdvisoryLock.presence)]),
            deadline: Self.deadline)[0]
        share = ClaimShare(room: try answer.decode("room"), daemons: max(try answer.decode("daemons"), 1))
    }

    /// Rows in the order in which to claim them: bucket after bucket, so that a batch needs few locks, from a place on that
    /// is far from the other daemons', so that those that found the same rows share them.
    func ordered(_ keys: [RowKey]) -> [RowKey] {
        let sorted = keys.map { (bucket: $0.bucket, key: $0) }.sorted { $0.bucket < $1.bucket }.map(\.key)
        let first = Int(Double(sorted.count) * Self.place(of: seat ?? .random(in: 1...1_024)))
        return Array(sorted[first...] + sorted[..<first])
    }

    /// A seat's place, of 1: 0, ½, ¼, ¾, ⅛ … However many are taken, they are spread evenly (van der Corput, 1935).
    static func place(of seat: Int32) -> Double {
        var (place, part, digits) = (0.0, 0.5, seat - 1)
        while digits > 0 {
            if digits & 1 == 1 { place += part }
            (part, digits) = (part / 2, digits >> 1)
        }
        return place
    }

    // MARK: Claiming

    /// Claims rows of a table, as many as there is room for.
    ///
    /// - Parameters:
    ///   - keys: The rows.
    ///   - watch: The table's number.
    ///   - canWait: Whether they leave ``ClaimShare/reserve`` to others.
    /// - Throws: `PostgresError` where the session fails, ``ClaimError`` where there is none; `CancellationError`.
    func claim(_ keys: [RowKey], of watch: Int32, canWait: Bool = false) async throws -> Attempt {
        try await enter()
        defer { leave() }
        guard case .open(let connection) = session else {
            if case .lockless = session { return Attempt(claimed: keys) }
            throw ClaimError.noSession
        }
        let byLock = Dictionary(grouping: keys) { Self.lock(of: $0, watch) }
        let wanted = byLock.keys.filter { !held.contains($0) }
        let room = share.locks - (canWait ? share.reserve : 0)
        let tried = wanted.prefix(max(room - held.count, 0))
        let epoch = epoch
        var taken: Set<Int32> = []
        if !tried.isEmpty {
            let answers: Rows
            do {
                answers = try await connection.execute(
                    Statement(
                        "claim rows", SQLFile.claimLock, [.int4(AdvisoryLock.claim), Self.array(Array(tried))],
                        prepared: true), deadline: Self.deadline)
            } catch {
                await mend(Array(tried), on: connection)
                throw error
            }
            for answer in answers where try !answer.decode(1, as: Bool.self) { taken.insert(try answer.decode(0)) }
        }
        let left = Set(wanted.dropFirst(tried.count))
        var attempt = Attempt(epoch: epoch)
        for (lock, keys) in byLock {
            if left.contains(lock) {
                attempt.left += keys
            } else if taken.contains(lock) {
                attempt.taken += keys
            } else {
                attempt.claimed += keys
                // A session that was lost meanwhile took its locks with it: these rows are begun without.
                guard epoch == self.epoch else { continue }
                held.insert(lock)
                working[lock, default: 0] += keys.count
            }
        }
        return attempt
    }

    /// Gives the rows of an attempt back, but keeps some of them, as far as half of our share goes: their vectors are here and
    /// only wait to be written, and a peer that took them would compute them again.
    func release(_ attempt: Attempt, of watch: Int32, keeping waiting: [RowKey] = []) async {
        guard attempt.epoch == epoch else { return }
        for key in waiting {
            let lock = Self.lock(of: key, watch)
            if kept[lock] != nil || kept.count < share.locks / 2 { kept[lock, default: []].insert(key) }
        }
        let locks = attempt.claimed.map { Self.lock(of: $0, watch) }
        for lock in locks {
            working[lock, default: 1] -= 1
            if working[lock] == 0 { working[lock] = nil }
        }
        await unlockInTurn(Set(locks))
    }

    /// Gives rows back that were kept.
    func drop(_ keys: [RowKey], of watch: Int32) async {
        let locks = keys.map { Self.lock(of: $0, watch) }
        for (key, lock) in zip(keys, locks) {
            kept[lock]?.remove(key)
            if kept[lock]?.isEmpty == true { kept[lock] = nil }
        }
        await unlockInTurn(Set(locks))
    }

    /// Behind attempts under way, so that a lock that one of them counts on stays; and for a task that is cancelled too.
    private func unlockInTurn(_ locks: Set<Int32>) async {
        await Task { await self.unlock(locks) }.value
    }

    /// Unlocks those of these that are held for no row any more.
    private func unlock(_ locks: Set<Int32>) async {
        guard (try? await enter()) != nil else { return }
        defer { leave() }
        let free = locks.filter { held.contains($0) && working[$0] == nil && kept[$0] == nil }
        guard !free.isEmpty, case .open(let connection) = session else { return }
        held.subtract(free)
        do {
            try await connection.execute(
                Statement(
                    "release rows", SQLFile.claimUnlock, [.int4(AdvisoryLock.claim), Self.array(Array(free))],
                    prepared: true), deadline: Self.deadline)
        } catch {
            await mend(Array(free), on: connection)
        }
    }

    /// Gives back what a statement that failed has left: what can't be given back goes with its session.
    private func mend(_ locks: [Int32], on connection: PostgresConnection) async {
        // For a task that is cancelled too.
        await Task {
            do {
                try await connection.execute(
                    Statement(
                        "give claims back", SQLFile.claimMend, [.int4(AdvisoryLock.claim), Self.array(locks)]),
                    deadline: Self.deadline)
            } catch {
                await connection.close()
            }
        }.value
    }

    /// The second half of the lock of a row's bucket.
    static func lock(of key: RowKey, _ watch: Int32) -> Int32 { watch &* RowKey.buckets &+ key.bucket }

    private static func array(_ locks: [Int32]) -> PostgresValue {
        .array(locks.map { .int4($0) }, of: .int4, as: .init(rawValue: 1007))
    }
}

/// Why rows could not be claimed.
enum ClaimError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The daemon's session is being made anew.
    case noSession

    var description: String { "there is no session to claim rows with at the moment" }
}
