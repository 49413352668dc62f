import TestSupport
import Testing

@testable import Backfill

@Suite struct ClaimShareTests {
    @Test("All daemons together stay under a tenth of the server's locks", arguments: [64 * 100, 64 * 20, 256 * 1000])
    func tenth(room: Int) {
        for daemons in 1...64 {
            let share = ClaimShare(room: room, daemons: daemons)
            // A few locks each must have to get on at all.
            #expect(share.sum <= max(room / 10, 2 * daemons))
            #expect(share.reserve < share.locks)
            // As many again may start before they are counted.
            let more = ClaimShare(room: room, daemons: daemons * 2)
            #expect(share.locks * daemons + more.locks * daemons <= max(room / 10, 4 * daemons))
        }
    }

    @Test("Of a server as it comes four daemons have eighty locks each")
    func usual() {
        #expect(ClaimShare(room: 6400, daemons: 1).locks == 160)
        #expect(ClaimShare(room: 6400, daemons: 4).locks == 80)
        #expect(ClaimShare(room: 6400, daemons: 8).locks == 40)
    }

    @Test("Keys are spread over the buckets, whatever they look like")
    func buckets() {
        let kinds: [(Int) -> String] = [
            { "\($0)" }, { "\($0 * 1000)" }, { "id-\($0)-é" },
            { number in
                let hex = String(number &* 2_654_435_761, radix: 16)
                return "00000000-0000-4000-8000-" + String(repeating: "0", count: max(12 - hex.count, 0)) + hex
            },
        ]
        for kind in kinds {
            var counts = [Int](repeating: 0, count: Int(RowKey.buckets))
            for number in 0..<20_480 { counts[Int(RowKey(kind(number)).bucket)] += 1 }
            // Twenty are expected in each; of a fair spread none has over fifty.
            #expect(counts.max()! < 60, "\(kind(7))")
            #expect(counts.min()! > 0, "\(kind(7))")
        }
    }

    @Test("A key's bucket is the same in every release")
    func stable() {
        #expect(["1", "42", "a:b", "é"].map { RowKey($0).bucket } == [688, 36, 121, 262])
    }
}

@Suite struct ContentionTests {
    @Test("A row that is somebody else's over two heartbeats is looked into, once")
    func stubborn() {
        var contention = Contention()
        #expect(contention.heartbeat() == nil)
        contention.note(claimed: ["1"], taken: ["2", "3"])
        #expect(contention.heartbeat() == nil)
        contention.note(claimed: ["4"], taken: ["3"])
        #expect(contention.heartbeat() == "2")
        #expect(contention.heartbeat() == nil)
    }

    @Test("A row that we got to claim is not")
    func passing() {
        var contention = Contention()
        contention.note(claimed: [], taken: ["2"])
        #expect(contention.heartbeat() == nil)
        contention.note(claimed: ["2"], taken: [])
        #expect(contention.heartbeat() == nil)
        contention.note(claimed: [], taken: ["5"])
        #expect(contention.heartbeat() == nil)
        #expect(contention.heartbeat() == "5")
    }
}

@Suite struct LockRoomTests {
    @Test("What daemons may hold is told for none, one and several of them")
    func told() {
        let none = LockRoom(room: 6400, daemons: 0)
        #expect(none.perDaemon == 160 && none.together == 0 && none.budget == 640)
        #expect(none.finding.found.contains("room for 6,400; no daemon is connected, and the first may hold 160"))
        #expect(
            LockRoom(room: 6400, daemons: 1).finding.found.contains("1 daemon is connected and may hold 160, of 640"))
        let four = LockRoom(room: 6400, daemons: 4)
        #expect(
            four.finding.found.contains("4 daemons are connected and may hold 80 each, 320 together, of 640 (10 %)"))
        #expect(four.finding.level == .ok)
    }

    @Test("Fewer than eight locks a daemon are warned about, and no sum is over a tenth while there is room for it")
    func small() {
        for (room, daemons) in [(6400, 41), (300, 1), (300, 0), (0, 3)] {
            let finding = LockRoom(room: room, daemons: daemons).finding
            #expect(finding.level == .warning)
            #expect(finding.remedy?.contains("max_locks_per_transaction") ?? false)
        }
        for daemons in 0...40 {
            let room = LockRoom(room: 6400, daemons: daemons)
            #expect(room.finding.level == .ok && room.together <= room.budget)
        }
    }
}

@Suite struct TokenBucketTests {
    @Test("In no second are more rows granted than the rate, whoever asks for how many and gives some back")
    func anySecond() {
        var random = SeededRandom(seed: 3)
        for rate in [1, 2, 3, 7, 10, 99, 100, 1_000, 2_000] {
            var bucket = TokenBucket(rate: rate)
            var (now, total) = (0, 0)
            var grants: [(at: Int, rows: Int)] = []
            while now < 6_000 {
                now += random.below(40)
                let asked = 1 + random.below(random.chance(0.5) ? 3 : 500)
                var rows = bucket.grant(asked, at: start.ms(now))
                #expect(rows <= asked)
                if rows > 0, random.chance(0.2) {
                    let back = random.below(rows + 1)
                    bucket.giveBack(back)
                    rows -= back
                }
                grants.append((now, rows))
                total += rows
            }
            for (index, first) in grants.enumerated() {
                let second = grants[index...].prefix { $0.at < first.at + 1_000 }
                #expect(second.reduce(0) { $0 + $1.rows } <= rate, "rate \(rate), from \(first.at) ms")
            }
            #expect(total >= rate * 4, "rate \(rate): \(total) in six seconds")
        }
    }

    @Test("Whoever waits until it opens gets what was waited for, at nearly the rate")
    func opening() {
        for rate in [1, 3, 10, 100, 5_000] {
            var bucket = TokenBucket(rate: rate)
            var (now, granted, steps) = (start, 0, 0)
            while now < start.ms(10_000), steps < 1_000 {
                steps += 1
                let rows = bucket.grant(250, at: now)
                granted += rows
                if rows == 0 { now = max(bucket.opens(at: now) ?? now, now + .nanoseconds(1)) }
            }
            #expect(steps < 1_000, "rate \(rate)")
            #expect(granted >= rate * 9 && granted <= rate * 10 + max(rate / 4, 1), "rate \(rate): \(granted)")
        }
    }

    @Test("No more rows are granted than the rate, over any time", arguments: [1, 7, 100, 5_000])
    func rate(rate: Int) {
        var bucket = TokenBucket(rate: rate)
        var granted = 0
        for millisecond in stride(from: 0, through: 10_000, by: 10) {
            granted += bucket.grant(250, at: start.ms(millisecond))
        }
        #expect(granted <= rate * 10 + max(rate / 4, 1))
        #expect(granted >= rate * 9)
    }

    @Test("Rows come in batches of a quarter of a second, unless there are fewer")
    func batches() throws {
        var bucket = TokenBucket(rate: 100)
        #expect(bucket.grant(1000, at: start) == 25)
        #expect(bucket.grant(1000, at: start.ms(100)) == 0)
        #expect(bucket.grant(5, at: start.ms(100)) == 5)
        let next = bucket.opens(at: start.ms(100))
        let opens = try #require(next)
        #expect(opens > start.ms(250) && opens < start.ms(320))
        #expect(bucket.grant(1000, at: opens) == 25)
    }

    @Test("What is given back may be granted again, and no more than that")
    func givenBack() {
        var bucket = TokenBucket(rate: 100)
        #expect(bucket.grant(25, at: start) == 25)
        bucket.giveBack(10)
        #expect(bucket.grant(10, at: start) == 10)
        bucket.giveBack(1_000)
        #expect(bucket.grant(1_000, at: start) == 25)
    }
}
