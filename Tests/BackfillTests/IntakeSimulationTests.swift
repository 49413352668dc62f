import TestSupport
import Testing

@testable import Backfill

/// A table, its writers, its listener and a database that fails now and then, in memory, driving one `Intake`.
private struct Simulation {
    enum Row { case pending(version: Int64), embedded(version: Int64) }
    /// What a batch has read: keys with the versions it saw.
    struct Work {
        var keys: [RowKey]
        var vectors: [RowKey: Int64]?
    }

    var random: SeededRandom
    let settings: PipelineSettings
    var intake: Intake
    var now = start
    var table: [RowKey: Row] = [:]
    var works: [Work] = []
    /// The scan under way, with the keys that its snapshot has.
    var scan: (keys: [RowKey], limit: Int)?
    /// Rows that take no vector, at first.
    var broken: Set<RowKey> = []
    var locked: Set<RowKey> = []
    var isConnected = true
    var problems: [RowKey] = []

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        var settings = PipelineSettings.small()
        settings.rows = Int.random(in: 1...5, using: &random)
        settings.backlogRows = Int.random(in: 1...6, using: &random)
        settings.inFlight = Int.random(in: 1...4, using: &random)
        settings.page = 40
        settings.mostAnnounced = Int.random(in: 8...60, using: &random)
        self.settings = settings
        intake = .seeded(settings, seed: seed)
    }

    var pending: [RowKey] {
        table.filter { if case .pending = $0.value { true } else { false } }.keys.sorted()
    }

    func version(_ key: RowKey) -> Int64? {
        switch table[key] {
        case .pending(let version), .embedded(let version): version
        case nil: nil
        }
    }

    // MARK: What happens outside

    mutating func write() {
        let keys = Set(
            (0..<Int.random(in: 1...6, using: &random)).map { _ in RowKey("\(Int.random(in: 0..<30, using: &random))") }
        )
        for key in keys.sorted() {
            if random.chance(0.1) { table[key] = nil } else { table[key] = .pending(version: (version(key) ?? 0) + 1) }
            if random.chance(0.1) { locked.insert(key) } else { locked.remove(key) }
            if random.chance(0.1) { broken.insert(key) } else { broken.remove(key) }
        }
        let inserted = keys.filter { table[$0] != nil }.sorted()
        if isConnected, !inserted.isEmpty {
            if random.chance(0.7) { intake.announce(inserted, at: now) } else { intake.wantScan() }
        }
    }

    mutating func step() {
        now = now.ms(Int.random(in: 0...60, using: &random))
        switch Int.random(in: 0..<100, using: &random) {
        case ..<25: write()
        case ..<55: finishOne()
        case ..<65: finishScan()
        case ..<67: failOne()
        case ..<68:
            isConnected = false
            intake.suspend()
        case ..<72: reconnect()
        default: act()
        }
        if works.count > settings.inFlight { problems.append("\(works.count) batches under way") }
    }

    mutating func reconnect() {
        isConnected = true
        intake.resume()
        intake.wantScan()
    }

    // MARK: What the pipeline does with the actions

    /// - Returns: Whether there was something to do.
    @discardableResult
    mutating func act() -> Bool {
        switch intake.next(at: now) {
        case .batch(let keys):
            // Read later than it is begun, and earlier than it is written: see finishOne.
            begin(Work(keys: keys))
        case .write(let rows):
            begin(
                Work(keys: rows.map(\.key), vectors: Dictionary(uniqueKeysWithValues: rows.map { ($0.key, $0.source) }))
            )
        case .scan(let limit):
            intake.scanBegan()
            // A scan that was given up in a pause may still be under way: its answer is the older one.
            if let old = scan { intake.scanned(old.keys, limit: old.limit) }
            scan = (Array(pending.shuffled(using: &random).prefix(limit)), limit)
        case .wait: return false
        }
        return true
    }

    mutating func begin(_ work: Work) {
        if work.keys.isEmpty { problems.append("a batch of nothing") }
        let underWay = Set(works.flatMap(\.keys))
        for key in work.keys where underWay.contains(key) { problems.append("\(key) is in flight twice") }
        if Set(work.keys).count != work.keys.count { problems.append("a key twice in a batch") }
        works.append(work)
    }

    mutating func finishOne() {
        guard let at = works.indices.randomElement(using: &random) else { return }
        guard isConnected else { return failOne() }
        guard let vectors = works[at].vectors else {
            works[at].vectors = Dictionary(
                uniqueKeysWithValues: works[at].keys.compactMap { key in
                    if case .pending(let version) = table[key] { (key, version) } else { nil }
                })
            return
        }
        let work = works.remove(at: at)
        var outcomes: [RowKey: RowOutcome] = [:]
        for key in work.keys { outcomes[key] = outcome(key, vectors[key]) }
        for (key, outcome) in outcomes where outcome == .written {
            table[key] = .embedded(version: version(key) ?? 0)
        }
        var report = BatchReport()
        report.outcomes = outcomes
        let charges = intake.charges(for: report, at: now)
        intake.finished(outcomes, retries: Dictionary(charges.map { ($0.key, .milliseconds(500)) }) { $1 }, at: now)
    }

    func outcome(_ key: RowKey, _ read: Int64?) -> RowOutcome {
        guard let read, case .pending(let version) = table[key] else { return .settled }
        if version != read { return .outdated }
        let row = EmbeddedRow(key, source: read)
        if locked.contains(key) { return .locked(row) }
        return broken.contains(key) ? .refused(row, reason: "no") : .written
    }

    mutating func failOne() {
        guard let at = works.indices.randomElement(using: &random) else { return }
        let work = works.remove(at: at)
        intake.ended(work.keys, at: now)
        intake.paused(at: now)
    }

    mutating func finishScan() {
        guard let scan else { return }
        self.scan = nil
        if isConnected {
            intake.scanned(scan.keys, limit: scan.limit)
        } else {
            intake.scanFailed()
            intake.paused(at: now)
        }
    }

    /// Nobody writes any more, nothing is locked or broken: with the heartbeat's probe all must be embedded soon.
    mutating func settle() {
        locked = []
        broken = []
        reconnect()
        for _ in 0..<2_000 where !pending.isEmpty || !works.isEmpty {
            now = now.ms(100)
            while act() {}
            while !works.isEmpty { finishOne() }
            finishScan()
            if intake.isIdle, intake.held.count == 0, !pending.isEmpty { intake.wantScan() }
        }
    }
}

@Suite struct IntakeSimulationTests {
    @Test(
        "Whatever happens, nothing is in flight twice and in the end every row is embedded", arguments: UInt64(1)...150)
    func simulate(seed: UInt64) {
        var simulation = Simulation(seed: seed)
        for _ in 0..<1_500 { simulation.step() }
        #expect(simulation.problems.isEmpty, "\(simulation.problems.prefix(3))")
        simulation.settle()
        #expect(simulation.pending.isEmpty)
        #expect(simulation.works.isEmpty)
        #expect(simulation.problems.isEmpty, "\(simulation.problems.prefix(3))")
        #expect(!simulation.table.isEmpty)
    }
}
