@testable import Backfill
import Foundation
import Testing

@Suite("Figures of quality")
struct QualityFigureTests {
    @Test("More is better, or less, as the scale has it; the limits themselves count as reached")
    func scales() {
        let more = QualityScale(good: 0.9, fair: 0.5)
        #expect([0.9, 0.89, 0.5, 0.49, .nan].map(more.verdict) == [.good, .fair, .fair, .bad, .unknown])
        let less = QualityScale(good: 10, fair: 100)
        #expect([10, 11, 100, 101].map(less.verdict) == [.good, .fair, .fair, .bad])
        #expect(
            QualityFigure.Verdict.worst(.fair, .unknown) == .fair && .worst(.fair, .bad) == QualityFigure.Verdict.bad)
    }

    @Test("A row is asked for by its title, its first sentence or half of it, and never by all it says")
    func questions() {
        func ask(_ title: String?, _ text: String) -> [String]? {
            QualityQuestion.of(title: title, text: text).map { [$0.kind.rawValue, $0.text] }
        }
        #expect(ask("Modal  jazz", "Modal jazz\nUse the modes.") == ["title", "Modal jazz"])
        #expect(ask("Modal jazz", "Modal jazz") == nil)
        #expect(ask(nil, "Use the modes. Then rest.") == ["sentence", "Use the modes."])
        #expect(ask("  ", "\n A first line\nand more") == ["sentence", "A first line"])
        #expect(ask(nil, "one two three four five six") == ["half", "one two three"])
        #expect(ask("one two three four", "one two three four") == ["half", "one two"])
        #expect(ask(nil, "Version 1.5 is out. It works.") == ["sentence", "Version 1.5 is out."])
        #expect(ask(nil, "word") == nil && ask("title", "") == nil)
        #expect((ask(nil, String(repeating: "word ", count: 400))?[1].count ?? 999) <= 240)
    }

    private static func truth(_ own: String = "a") -> QualityTruth {
        QualityTruth(
            key: own,
            hits: [("a", 0.9), ("b", 0.9), ("c", 0.7), ("d", 0.6)].map {
                QualityHit(key: $0.0, similarity: $0.1, title: "t\($0.0)")
            })
    }

    @Test("A row that is as near as the first is first, and one of the same name is as good")
    func ranks() {
        #expect(Self.truth("a").rank(title: nil) == 1)
        #expect(Self.truth("b").rank(title: nil) == 1)
        #expect(Self.truth("c").rank(title: nil) == 3)
        #expect(Self.truth("x").rank(title: nil) == nil)
        #expect(Self.truth("x").rank(title: "tc") == 3)
        #expect(Self.truth("d").rank(title: "td") == 4)
    }

    @Test("Recall counts what is as near as the last of the nearest")
    func recall() {
        let truth = Self.truth()
        #expect(truth.recall(of: truth.hits) == 1)
        #expect(
            truth.recall(of: [QualityHit(key: "z", similarity: 0.6), QualityHit(key: "y", similarity: 0.5)]) == 0.25)
        #expect(truth.recall(of: []) == 0)
        #expect(QualityTruth(key: "a", hits: []).recall(of: truth.hits) == nil)
    }

    @Test("Agreement tells a few strangers, another model, and another precision apart")
    func agreement() {
        func figure(_ cosines: [Double?]) -> QualityFigure {
            var agreement = QualityAgreement()
            agreement.rows = cosines.enumerated().map { .init(key: "\($0)", cosine: $1) }
            return .agreement(agreement, model: "local:m")
        }
        let good = figure(Array(repeating: 0.99999, count: 50))
        #expect(good.verdict == .good && good.remedy == nil)
        #expect(figure(Array(repeating: 0.99, count: 50)).verdict == .fair)
        let mixed = figure(Array(repeating: 0.99999, count: 45) + Array(repeating: 0.1, count: 5))
        #expect(
            mixed.verdict == .bad && mixed.says.contains("5 of 50 rows") && mixed.detail["disagreeing"] == .number(5))
        #expect(mixed.remedy?.contains("reembed") ?? false)
        let wrong = figure(Array(repeating: 0.05, count: 50))
        #expect(wrong.verdict == .bad && wrong.says.contains("Most"))
        #expect(figure([nil, nil]).verdict == .unknown)
        var refused = QualityAgreement()
        refused.problem = "The texts could not be embedded: no."
        #expect(QualityFigure.agreement(refused, model: "m").says == refused.problem)
    }

    private static func index(_ metric: String = "<=>", recall: Double = 1) -> QualityIndex {
        var facts = QualityIndex()
        let index = VectorIndex(
            table: QualifiedName(name: "t"), name: "t_hnsw", method: "hnsw", operatorClass: "some_ops",
            operatorName: metric, type: "vector")
        facts.indexes = [index]
        facts.used = index
        (facts.isChosen, facts.isUsable) = (true, true)
        facts.sweeps = [20, 40, 80, 150, 300].map { setting in
            QualitySweep(setting: setting, recalls: [recall, recall], times: [1, 2, 30])
        }
        facts.exact = QualitySweep(setting: 0, recalls: [], times: [80])
        return facts
    }

    @Test("The recall is that of the setting that search uses, and an index by another distance is told")
    func indexes() {
        let (even, uneven) = (Distribution([1, 1]), Distribution([1, 4]))
        #expect(QualityFigure.recall(Self.index(), norms: uneven).verdict == .good)
        #expect(QualityFigure.recall(Self.index(recall: 0.5), norms: even).verdict == .bad)
        #expect(QualityFigure.recall(Self.index("<->"), norms: even).verdict == .good)
        let other = QualityFigure.recall(Self.index("<->"), norms: uneven)
        #expect(other.verdict == .fair && other.says.contains("Euclidean"))
        var none = QualityIndex()
        #expect(QualityFigure.recall(none, norms: even).verdict == .good)
        var useless = Self.index().indexes[0]
        useless.isValid = false
        none.indexes = [useless]
        let unusable = QualityFigure.recall(none, norms: even)
        #expect(unusable.verdict == .bad && unusable.says.contains("t_hnsw: it is invalid"))
        var both = Self.index()
        both.indexes.append(useless)
        #expect(QualityFigure.recall(both, norms: even).verdict == .fair)
        let series = QualityFigure.recall(Self.index(), norms: even).series
        #expect(series.map(\.x) == [20, 40, 80, 150, 300] && series.map(\.y) == [1, 1, 1, 1, 1])
    }

    @Test("Latency is that of what search does: through the index, or by comparing every row")
    func latency() {
        let through = QualityFigure.latency(Self.index())
        #expect(through.value == 2 && through.verdict == .good)
        var facts = Self.index()
        facts.isChosen = false
        facts.numbers = 100
        let exact = QualityFigure.latency(facts)
        #expect(exact.value == 80 && exact.verdict == .fair && !(exact.remedy?.contains("--create") ?? true))
        facts.numbers = 100_000_000
        #expect(QualityFigure.latency(facts).remedy?.contains("--create") ?? false)
        #expect(QualityFigure.latency(QualityIndex()).verdict == .unknown)
    }

    @Test("Settings of ivfflat are about the square root of its lists, which search uses")
    func probes() {
        var index = Self.index().indexes[0]
        #expect(QualitySweep.usual(of: index) == 150)
        index.method = "ivfflat"
        index.options = ["lists": "100"]
        #expect(QualitySweep.settings(of: index) == [1, 5, 10, 20] && QualitySweep.usual(of: index) == 10)
        index.options = ["lists": "1"]
        #expect(QualitySweep.settings(of: index) == [1])
    }

    @Test("Self-retrieval is the share that comes first")
    func retrieval() {
        var found = QualityRetrieval()
        for number in 0..<10 {
            found.ranks.append(.init(key: "\(number)", rank: number < 6 ? 1 : number < 8 ? 2 : nil))
            found.kinds.append(.title)
        }
        let figure = QualityFigure.selfRetrieval(found)
        #expect(figure.value == 0.6 && figure.verdict == .bad && figure.detail["mean_reciprocal_rank"] == .number(0.7))
        #expect(figure.says.contains("their title"))
        #expect(QualityFigure.selfRetrieval(QualityRetrieval()).verdict == .unknown)
    }

    @Test("As JSON it has the fields of the console, null where there is nothing")
    func json() throws {
        let figure = QualityFigure(
            .recall, 0.5, .bad, says: "s", remedy: "r",
            detail: ["n": .count(3), "x": .number(0.25), "l": .texts(["a"]), "o": .object(["k": .text("v")])],
            series: [.init(x: 20, y: 0.5)], plot: .line)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        #expect(
            String(decoding: try encoder.encode(figure), as: UTF8.self)
                == #"{"detail":{"l":["a"],"n":3,"o":{"k":"v"},"x":0.25},"do":"r","good":"at least 95 %","name":"recall","plot":"line","says":"s","series":[{"x":20,"y":0.5}],"title":"Recall at 10","unit":"share","value":0.5,"verdict":"bad"}"#
        )
        let nothing = String(decoding: try encoder.encode(QualityFigure.unknown(.drift, "why")), as: UTF8.self)
        #expect(
            nothing.contains(#""value":null"#) && nothing.contains(#""series":null"#) && nothing.contains(#""do":null"#)
        )
    }
}
