import Testing

@testable import Backfill

@Suite struct ClaimShareTests {
    @Test("All daemons together stay under a tenth of the server's locks", arguments: [64 * 100, 64 * 20, 256 * 1000])
    func tenth(room: Int) {
        for daemons in 1...64 {
            let share = ClaimShare(room: room, daemons: daemons)
            // A few locks each must have to get on at all.
            #expect(share.sum <= max(room / 10, 2 * daemons))
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

@Suite struct TokenBucketTests {
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
