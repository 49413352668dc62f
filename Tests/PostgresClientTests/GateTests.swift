import PostgresClient
import Testing

@Suite struct GateTests {
    @Test("So many may enter as there are places, and again when one leaves")
    func places() {
        var gate = Gate<String>(places: 2)
        #expect(gate.tryEnter() == true)
        #expect(gate.tryEnter() == true)
        #expect(gate.tryEnter() == false)
        #expect(gate.leave() == nil)
        #expect(gate.tryEnter() == true)
        #expect(gate.tryEnter() == false)
    }

    @Test("Who waits is served first come first served, and the place is never free between")
    func queue() {
        var gate = Gate<String>(places: 1)
        #expect(gate.tryEnter() == true)
        for name in ["a", "b", "c"] {
            let ticket = gate.ticket()
            gate.queue(name, ticket: ticket)
        }
        for name in ["a", "b", "c"] {
            #expect(gate.leave() == name)
            #expect(gate.tryEnter() == false)
        }
        #expect(gate.leave() == nil)
        #expect(gate.tryEnter() == true)
    }

    @Test("Who gives up is never called, and can give up only once")
    func abandon() {
        var gate = Gate<String>(places: 1)
        #expect(gate.tryEnter() == true)
        let tickets = ["a", "b", "c"].map { name in
            let ticket = gate.ticket()
            gate.queue(name, ticket: ticket)
            return ticket
        }
        #expect(Set(tickets).count == 3)
        #expect(gate.abandon(ticket: tickets[1]) == "b")
        #expect(gate.abandon(ticket: tickets[1]) == nil)
        #expect(gate.leave() == "a")
        #expect(gate.abandon(ticket: tickets[0]) == nil)
        #expect(gate.leave() == "c")
        #expect(gate.leave() == nil)
    }

    private actor Room: Gated {
        var gate: Gate<CheckedContinuation<Void, any Error>>
        private(set) var inside = 0
        private(set) var most = 0
        private(set) var visits = 0

        init(places: Int) { gate = Gate(places: places) }

        func visit() async throws {
            try await enter()
            inside += 1
            most = max(most, inside)
            visits += 1
            await Task.yield()
            inside -= 1
            leave()
        }
    }

    @Test("Many tasks, some of them cancelled: never too many inside, and the place is there afterwards")
    func manyTasks() async throws {
        let room = Room(places: 3)
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<300 {
                group.addTask {
                    let task = Task { try await room.visit() }
                    if number % 3 == 0 { task.cancel() }
                    return (try? await task.value) != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(outcomes >= 200)
        #expect(await room.visits == outcomes)
        #expect(await room.most <= 3)
        for _ in 0..<3 { try await room.visit() }
        #expect(await room.inside == 0)
    }
}
