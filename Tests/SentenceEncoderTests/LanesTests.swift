import Foundation
import Synchronization
import TestSupport
import Testing

@testable import SentenceEncoder

@Suite("Lanes")
struct LanesTests {
    private struct Failure: Error, Equatable { let item: Int }

    /// What a lane waits for, and what it has done.
    private final class Line: Sendable {
        let seen = Mutex<[EncoderQueue]>([])
        let isHeld = Atomic(false)
        let isOpen = Atomic(false)
    }

    @Test("every item once, in order of beginning, on the lanes there are")
    func all() async throws {
        let states = Atomic(0)
        let lanes = try Lanes(count: 3) { states.add(1, ordering: .relaxed).newValue }
        let seen = Mutex<[Int]>([])
        try await lanes.run(500) { _, item in seen.withLock { $0.append(item) } }
        #expect(seen.withLock { $0.sorted() } == Array(0..<500))
        #expect(states.load(ordering: .relaxed) <= 3)
    }

    @Test("items of rows and of callers are begun in turn, while both have some")
    func turns() async throws {
        let lanes = try Lanes(count: 1) { 0 }
        let line = Line()
        try await withThrowingTaskGroup(of: Void.self) { group in
            // The lane is held until all is in line.
            group.addTask {
                try await lanes.run(1) { _, _ in
                    line.isHeld.store(true, ordering: .relaxed)
                    while !line.isOpen.load(ordering: .relaxed) { usleep(1000) }
                }
            }
            while !line.isHeld.load(ordering: .relaxed) { await Task.yield() }
            for queue in [EncoderQueue.rows, .rows, .callers] {
                group.addTask { try await lanes.run(20, in: queue) { _, _ in line.seen.withLock { $0.append(queue) } } }
            }
            while lanes.waiting < 4 { await Task.yield() }
            line.isOpen.store(true, ordering: .relaxed)
            try await group.waitForAll()
        }
        let order = line.seen.withLock(\.self)
        #expect(order.count == 60)
        for pair in stride(from: 0, to: 40, by: 2) { #expect(Set(order[pair..<pair + 2]).count == 2, "\(pair)") }
        #expect(order[40...].allSatisfy { $0 == .rows })
    }

    @Test("the first error ends the job and not the lanes")
    func fails() async throws {
        let lanes = try Lanes(count: 2) { 0 }
        await #expect(throws: Failure.self) {
            try await lanes.run(1000) { _, item in if item == 5 { throw Failure(item: item) } }
        }
        let done = Atomic(0)
        try await lanes.run(10) { _, _ in done.add(1, ordering: .relaxed) }
        #expect(done.load(ordering: .relaxed) == 10)
    }

    @Test("a state that cannot be made is the item's error, and is tried again")
    func state() async throws {
        let tries = Atomic(0)
        let lanes = try Lanes(count: 1) { () throws -> Int in
            let number = tries.add(1, ordering: .relaxed).newValue
            if number == 1 { throw Failure(item: -1) }
            return number
        }
        await #expect(throws: Failure(item: -1)) { try await lanes.run(1) { _, _ in } }
        try await lanes.run(1) { state, _ in #expect(state == 2) }
    }

    @Test("no items is no work")
    func none() async throws {
        try await (try Lanes(count: 1) { 0 }).run(0) { _, _ in Issue.record("there is no item") }
    }

    @Test("many lanes that are made and let go at once leave no thread")
    func churn() async throws {
        for round in 0..<100 {
            let lanes = try Lanes(count: 4) { round }
            if round % 2 == 0 { try await lanes.run(8) { _, _ in } }
        }
        // Other tests' threads come and go meanwhile, but not as many as these were.
        try await eventually("their threads have ended") {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count < 100
        }
    }
}
