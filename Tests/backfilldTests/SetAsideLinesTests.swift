import Testing

@testable import backfilld

@Suite struct SetAsideLinesTests {
    @Test("Ten rows in ten seconds have a line each, the rest are told as a sum")
    func sums() {
        var lines = SetAsideLines()
        let start = ContinuousClock.now
        let told = (0..<600).map { lines.add(at: start + .milliseconds($0)) }
        #expect(told.count(where: \.isSingle) == 10)
        #expect(told.allSatisfy { $0.more == nil })
        let next = lines.add(at: start + .seconds(10))
        #expect(next.isSingle)
        #expect(next.more == 590)
        #expect(lines.flush() == nil)
        for second in 0..<10 { _ = lines.add(at: start + .seconds(11) + .milliseconds(second)) }
        #expect(lines.flush() == 1)
    }
}
