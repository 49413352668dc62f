import Testing

@testable import backfilld

@Suite struct RepeatsTests {
    private let start = ContinuousClock.now

    @Test("The first is told, the rest of a window is folded, and its end tells how often and in how long")
    func folds() {
        var repeats = Repeats()
        #expect(repeats.add("refused", at: start) == .tell)
        for second in 1..<300 { #expect(repeats.add("refused", at: start + .seconds(second)) == .fold) }
        let sum = Repeats.Sum(text: "refused", count: 300, span: .seconds(300))
        #expect(repeats.add("refused", at: start + .seconds(300)) == .sum(sum))
        #expect(sum.description == "300 times in 5 min")
        // The next window counts from nothing.
        #expect(repeats.add("refused", at: start + .seconds(301)) == .fold)
        #expect(
            repeats.add("refused", at: start + .seconds(600))
                == .sum(.init(text: "refused", count: 2, span: .seconds(300))))
    }

    @Test("Two errors that take turns are told once each")
    func alternates() {
        var repeats = Repeats()
        let decisions = (0..<100).map { repeats.add($0 % 2 == 0 ? "a" : "b", at: start + .seconds($0)) }
        #expect(decisions.count { $0 == .tell } == 2)
        #expect(decisions.count { $0 == .fold } == 98)
    }

    @Test("What has stopped is told when its window is over, once; what happened but once is not")
    func due() {
        var repeats = Repeats()
        _ = repeats.add("once", at: start)
        _ = repeats.add("rows", times: 5, at: start)
        _ = repeats.add("rows", times: 40, at: start + .seconds(1))
        #expect(repeats.due(at: start + .seconds(299)).isEmpty)
        #expect(repeats.due(at: start + .seconds(310)) == [.init(text: "rows", count: 40, span: .seconds(310))])
        #expect(repeats.due(at: start + .seconds(900)).isEmpty)
        #expect(repeats.add("rows", at: start + .seconds(901)) == .tell)
        _ = repeats.add("rows", at: start + .seconds(902))
        #expect(repeats.due(at: start + .seconds(903), all: true).map(\.count) == [1])
    }

    @Test("The end knows since when and how often, and after it everything is news")
    func ends() {
        var repeats = Repeats()
        #expect(repeats.end() == nil)
        _ = repeats.add("a", at: start)
        _ = repeats.add("b", at: start + .seconds(1))
        _ = repeats.add("a", at: start + .seconds(2))
        #expect(repeats.since == start)
        #expect(repeats.end() == .init(since: start, count: 3))
        #expect(repeats.end() == nil)
        #expect(repeats.add("a", at: start + .seconds(3)) == .tell)
    }

    @Test("Texts that never repeat do not pile up")
    func bounded() {
        var repeats = Repeats()
        for number in 0..<1000 { #expect(repeats.add("error \(number)", at: start + .seconds(number)) == .tell) }
        // The latest are still known.
        #expect(repeats.add("error 999", at: start + .seconds(1000)) == .fold)
        #expect(repeats.add("error 1", at: start + .seconds(1000)) == .tell)
    }
}
