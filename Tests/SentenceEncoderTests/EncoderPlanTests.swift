import TestSupport
import Testing

@testable import SentenceEncoder

@Suite("Which sequences are computed together")
struct EncoderPlanTests {
    @Test("every sequence once, no group over its capacity, whatever the lengths")
    func covers() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<2000 {
            let lengths = (0..<random.below(120)).map { _ in 2 + random.below(255) }
            let lanes = 1 + random.below(8)
            let groups = GroupPlan.groups(lengths, lanes: lanes, capacity: 256)
            #expect(groups.flatMap(\.self).sorted() == Array(lengths.indices))
            #expect(groups.allSatisfy { !$0.isEmpty && $0.reduce(0) { $0 + lengths[$1] } <= 256 })
        }
    }

    @Test("lanes get equal shares of many short texts")
    func balances() {
        let groups = GroupPlan.groups(Array(repeating: 12, count: 100), lanes: 4, capacity: 512)
        #expect(groups.count == 4 && groups.allSatisfy { $0.count == 25 })
    }

    @Test("one short text is one group, and nothing is none")
    func few() {
        #expect(GroupPlan.groups([9], lanes: 4, capacity: 256) == [[0]])
        #expect(GroupPlan.groups([], lanes: 4, capacity: 256) == [])
        #expect(GroupPlan.groups([4, 5], lanes: 2, capacity: 256).count == 1)
    }

    @Test("the costliest group comes first")
    func order() {
        let groups = GroupPlan.groups([10, 256, 30, 200], lanes: 1, capacity: 256)
        #expect(groups.first == [1])
    }
}

@Suite("The processors that may be used")
struct ProcessorShareTests {
    @Test(
        "bits of the affinity mask",
        arguments: [
            ("Name:\tx\nCpus_allowed:\tff,ffffffff\nCpus_allowed_list:\t0-39\n", 40), ("Cpus_allowed:\t3\n", 2),
        ])
    func mask(text: String, count: Int) { #expect(ProcessorShare.processors(fromStatus: text) == count) }

    @Test(
        "a quota, rounded up",
        arguments: [
            ("max 100000\n", nil), ("150000 100000\n", 2), ("100000 100000", 1), ("1000 100000", 1), ("", nil),
            ("x y", nil),
            ("100000 0", nil),
        ] as [(String, Int?)])
    func quota(text: String, count: Int?) { #expect(ProcessorShare.processors(fromLimit: text) == count) }

    @Test("the group in the one hierarchy")
    func group() {
        #expect(
            ProcessorShare.group(fromProcfs: "1:name=x:/y\n0::/system.slice/a.service\n") == "/system.slice/a.service")
        #expect(ProcessorShare.group(fromProcfs: "4:cpu:/\n") == nil)
    }

    @Test("there is at least one")
    func here() { #expect(ProcessorShare.count >= 1) }
}
