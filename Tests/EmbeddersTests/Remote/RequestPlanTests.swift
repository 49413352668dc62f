import Testing

@testable import Embedders

@Suite struct RequestPlanTests {
    private func items(_ texts: [String], _ plan: RequestPlan) -> [RequestPlan.Item] {
        texts.map { plan.item($0, key: TextHash($0)) }
    }

    @Test("No request is over the number of texts, the tokens or the bytes, and the order stays")
    func limits() {
        let limits = RequestLimits(inputs: 7, inputTokens: 100, requestTokens: 300, requestBytes: 500)
        let plan = RequestPlan(limits, TokenCount())
        let texts = (0..<200).map { number in String(repeating: "ab\n", count: number % 45) + "\(number)" }
        let requests = plan.requests(of: items(texts, plan))
        #expect(requests.flatMap { $0 }.map(\.key) == texts.map { TextHash($0) })
        for request in requests {
            #expect((1...7).contains(request.count))
            #expect(request.reduce(0) { $0 + $1.most } <= 300)
            #expect(request.reduce(0) { $0 + $1.bytes } <= 500)
        }
        #expect(requests.count < 100)
    }

    @Test("The prompt counts with each text, as it is escaped")
    func promptBytes() {
        let limits = RequestLimits(requestBytes: 100)
        let plan = RequestPlan(limits, TokenCount(prompt: "say \"it\": "))
        let requests = plan.requests(of: items((0..<12).map { "text \($0)" }, plan))
        // 9 bytes of the text, quotes and comma included, or 10, and 12 of the prompt.
        #expect(requests.map(\.count) == [4, 4, 4])
    }

    @Test("A text over the limits of a request goes alone")
    func hugeText() {
        let plan = RequestPlan(RequestLimits(inputs: 10, requestBytes: 20), TokenCount())
        let requests = plan.requests(of: items(["a", String(repeating: "b", count: 100), "c"], plan))
        #expect(requests.map(\.count) == [1, 1, 1])
    }

    @Test("A long text is cut at the end of a character, counted, and never over the tokens it may have")
    func cut() {
        let plan = RequestPlan(RequestLimits(inputTokens: 13), TokenCount())
        let family = "👩‍👩‍👧"
        for (text, sent) in [
            ("0123456789abcdef", "0123456789"), ("0123456789", "0123456789"), ("12345678é", "12345678é"),
            ("123456789é", "123456789"), ("1234e\u{301}\u{301}\u{301}f", "1234"), (family, "👩‍"),
        ] {
            let item = plan.item(text, key: TextHash(text))
            #expect(item.text == sent)
            #expect(item.isCut == (text != sent))
            #expect(item.text.utf8.count <= 10)
        }
    }

    @Test("A prompt before each text takes its part of the limit")
    func prompt() {
        let plan = RequestPlan(RequestLimits(inputTokens: 20), TokenCount(prompt: "passage: "))
        #expect(plan.item("0123456789", key: TextHash("")).text == "01234567")
    }

    @Test("Tokens are never fewer than bytes without a tokenizer, and reckoned at about four letters each")
    func counts() {
        let count = TokenCount()
        let text = "The quick brown fox jumps over the lazy dog."
        #expect(count.most(in: text) >= text.utf8.count)
        #expect((10...13).contains(count.likely(in: text)))
        #expect(count.likely(in: "日本語のテキスト") >= 8)
        #expect(count.likely(in: "") == 1)
    }

    @Test("What is escaped in JSON counts for what it takes up")
    func escapes() {
        let plan = RequestPlan(RequestLimits(), TokenCount())
        #expect(plan.item("a\"\n\u{1}", key: TextHash("")).bytes == 3 + 1 + 2 + 2 + 6)
    }

    @Test("A request is halved down to one text, and a text until little is left")
    func halving() throws {
        let plan = RequestPlan(RequestLimits(), TokenCount())
        let halves = try #require(RequestPlan.halves(of: items(["a", "b", "c"], plan)))
        #expect(halves.map { $0.map(\.text) } == [["a"], ["b", "c"]])
        #expect(RequestPlan.halves(of: items(["a"], plan)) == nil)
        var item: RequestPlan.Item? = plan.item(String(repeating: "word ", count: 100), key: TextHash("k"))
        var lengths: [Int] = []
        while let shorter = item.flatMap(plan.shortened) {
            #expect(shorter.isCut)
            lengths.append(shorter.text.utf8.count)
            item = shorter
        }
        #expect(lengths == [250, 125, 62, 31])
    }
}
