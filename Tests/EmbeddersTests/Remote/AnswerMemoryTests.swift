import Testing

@testable import Embedders

@Suite struct AnswerMemoryTests {
    private func answer(_ number: Int) -> AnswerMemory.Answer { .init([Float(number), 0, 0, 0]) }

    @Test("It never holds more than it may, and lets go of what was used least lately")
    func bound() {
        // An answer of four components counts for 144 bytes.
        var memory = AnswerMemory(capacity: 144 * 3)
        let keys = (0..<4).map { TextHash("text \($0)") }
        for number in 0..<3 { memory.keep(answer(number), to: keys[number]) }
        #expect(memory.answer(to: keys[0]) == answer(0))
        memory.keep(answer(3), to: keys[3])
        #expect(memory.count == 3)
        #expect(memory.bytes <= memory.capacity)
        #expect(memory.answer(to: keys[1]) == nil)
        for number in [0, 2, 3] { #expect(memory.answer(to: keys[number]) == answer(number)) }
    }

    @Test("After many answers it is what a plain list of the last ones used is")
    func model() {
        var memory = AnswerMemory(capacity: 144 * 20)
        var model: [(key: TextHash, number: Int)] = []
        var state: UInt64 = 7
        for step in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let number = Int(state >> 33) % 60
            let key = TextHash("\(number)")
            if step % 3 == 0 {
                guard !model.contains(where: { $0.key == key }) else { continue }
                memory.keep(answer(number), to: key)
                if model.count == 20 { model.removeFirst() }
                model.append((key, number))
            } else {
                let known = model.firstIndex { $0.key == key }
                #expect(memory.answer(to: key) == known.map { answer(model[$0].number) })
                if let known { model.append(model.remove(at: known)) }
            }
        }
        #expect(memory.count == 20)
        #expect(memory.bytes == 144 * 20)
    }

    @Test("What is larger than all of it is not kept")
    func tooLarge() {
        var memory = AnswerMemory(capacity: 100)
        memory.keep(answer(1), to: TextHash("a"))
        #expect(memory.count == 0)
    }

    @Test("A vector of another length than the first is not kept, and many slabs keep each its own")
    func lengths() {
        var memory = AnswerMemory(capacity: 16 << 20)
        let long = (0..<3).map { AnswerMemory.Answer([Float](repeating: Float($0), count: 200_000), isCut: $0 == 1) }
        for (number, answer) in long.enumerated() { memory.keep(answer, to: TextHash("\(number)")) }
        memory.keep(answer(3), to: TextHash("3"))
        #expect(memory.count == 3)
        for (number, answer) in long.enumerated() { #expect(memory.answer(to: TextHash("\(number)")) == answer) }
    }

    @Test("Texts that differ have other hashes, and so has a text of another role")
    func hashes() {
        #expect(TextHash("a") == TextHash("a"))
        #expect(TextHash("a") != TextHash("b"))
        // The same to the eye, not to a model.
        #expect(TextHash("é") != TextHash("e\u{301}"))
        #expect(TextHash("a", mark: 1) != TextHash("a"))
    }
}
