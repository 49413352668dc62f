import Testing

@testable import Embedders

@Suite("Failures of providers") struct RemoteFailureTests {
    private static let key = "sk-proj-abcdefghijklmnopab12"

    private func failure(
        _ status: Int, _ body: String = "", _ fields: [String: String] = [:], texts: [String] = [], key: String? = key
    ) throws -> ServiceFailure {
        let failed = FailedAnswer(
            address: try WebAddress("https://api.example/v1/embeddings?api-key=query-secret-1"), model: "m-1",
            key: try key.map { try RemoteKey($0) }, secrets: ["query-secret-1", "field-secret-2"])
        return failed.failure(HTTPResponse(status, body, fields: fields), texts: texts, now: 784_111_777)
    }

    @Test(
        "Status and words tell whose failure it is",
        arguments: [
            (400, #"{"error":{"message":"invalid character in 'input'","code":null}}"#, "refused"),
            (
                422,
                #"{"detail":[{"loc":["body","input",0],"msg":"Input should be a valid string","type":"string_type"}]}"#,
                "refused"
            ),
            (
                400,
                #"{"error":{"message":"This model's maximum context length is 8192 tokens, however you requested 9000"}}"#,
                "tooLarge"
            ),
            (400, #"{"error":{"message":"x","code":"context_length_exceeded"}}"#, "tooLarge"),
            (
                400,
                #"{"error":{"message":"Invalid 'input': array too long. Expected an array with maximum length 2048"}}"#,
                "tooLarge"
            ),
            (
                400,
                #"{"error":{"message":"Requested 300500 tokens, max 300000 tokens per request","type":"max_tokens_per_request"}}"#,
                "tooLarge"
            ),
            (422, #"{"error":"batch size 33 > maximum allowed batch size 32","error_type":"Validation"}"#, "tooLarge"),
            (
                400, #"{"message":"invalid request: total number of texts must be at most 96 - received 97"}"#,
                "tooLarge"
            ),
            (
                400,
                #"{"detail":"The max allowed tokens per submitted batch is 120000. Your batch has 187609 tokens"}"#,
                "tooLarge"
            ),
            (
                400, #"{"object":"error","message":"Too many tokens overall, split into more batches.","code":"3210"}"#,
                "tooLarge"
            ),
            (400, #"{"error":"input length exceeds maximum context length"}"#, "tooLarge"),
            (
                500,
                #"{"error":{"code":500,"message":"input is too large to process. increase the physical batch size"}}"#,
                "tooLarge"
            ),
            (413, "", "tooLarge"), (413, "<html>Request Entity Too Large</html>", "tooLarge"), (401, "", "denied"),
            (402, "", "denied"), (403, "", "denied"), (404, "", "missing"), (405, "", "missing"), (410, "", "missing"),
            (429, #"{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}"#, "denied"),
            (
                429,
                #"{"error":{"message":"Request too large for m on tokens per min (TPM): Limit 5000, Requested 9000"}}"#,
                "tooLarge"
            ),
            (429, #"{"error":{"message":"Rate limit reached for requests","code":"rate_limit_exceeded"}}"#, "limited"),
            (429, "", "limited"), (408, "", "unavailable"), (409, "", "unavailable"), (425, "", "unavailable"),
            (500, "", "broken"), (424, "", "broken"), (502, "<html>Bad gateway</html>", "unavailable"),
            (503, "", "unavailable"),
            (504, "", "unavailable"), (520, "", "unavailable"), (418, "", "unavailable"), (100, "", "unavailable"),
            (301, "", "denied"), (308, "", "denied"), (302, "", "unavailable"), (307, "", "unavailable"),
        ])
    func kinds(status: Int, body: String, kind: String) throws {
        let failure = try failure(status, body)
        #expect(failure.kind == kind, "\(failure)")
        #expect(kind == "limited" || failure.reason.contains("api.example"))
    }

    @Test("What is repeated of the request does not count as the provider's words")
    func echo() throws {
        let body = #"{"detail":[{"loc":["body"],"msg":"Field required","input":"too large, maximum context length"}]}"#
        let failure = try failure(422, body)
        #expect(failure.kind == "refused")
        #expect(
            failure.reason.hasSuffix("answers 422: something is missing in the request (body)"), "\(failure.reason)")
    }

    @Test(
        "Of the words about a refused text only names, known kinds and limits are told",
        arguments: [
            (
                #"{"error":{"message":"This model's maximum context length is 8192 tokens, however you requested 9011 tokens","type":"invalid_request_error","param":"input","code":"context_length_exceeded"}}"#,
                ": too long, at most 8192 tokens (context_length_exceeded, invalid_request_error, input)"
            ),
            (
                #"{"error":{"message":"can't embed 'My name is Ann \u0026 I owe\\nBob'","type":"invalid_request_error"}}"#,
                ": invalid_request_error"
            ),
            (
                #"{"error":{"message":"card 4111111111111111 is not permitted here"}}"#,
                ": something in the request is not supported"
            ),
            (#"{"message":"Ann owes Bob"}"#, " (its words are not told: they may quote the text)"),
            (
                #"{"error":{"message":"flagged","code":"Ann owes Bob","type":"Ann"}}"#,
                " (its words are not told: they may quote the text)"
            ),
            (
                #"{"error":{"message":"the input of at most 4111 tokens"}}"#,
                ": too long"
            ),
            ("", ""),
        ])
    func refusal(body: String, told: String) throws {
        let text = "My name is Ann & I owe\nBob 4111111111111111 and more of it, Ann owes Bob."
        for status in [400, 422, 413, 500] {
            let reason = try failure(status, body, texts: ["other", text]).reason
            #expect(reason == "api.example answers \(status)\(told)", "\(reason)")
        }
    }

    @Test("A number that no limit is stays untold, and the provider's words about other things are told")
    func otherWords() throws {
        #expect(try failure(401, #"{"error":{"message":"Incorrect API key"}}"#).reason.contains(": Incorrect API key"))
        #expect(try failure(503, #"{"error":{"message":"overloaded"}}"#).reason.contains(": overloaded"))
    }

    @Test("What an answer of success that is none says of a text is not told either")
    func success() throws {
        let failed = FailedAnswer(address: try WebAddress("http://h"), model: "m", key: nil, secrets: [])
        let response = HTTPResponse(200, #"{"error":"can't do 'Ann\\nowes Bob'"}"#)
        let reduced = failed.reduced(response, sent: ["Ann\nowes Bob"])
        let reason = failed.failure(AnswerProblem("it has no 'data'"), reduced, texts: []).reason
        #expect(!reason.contains("Ann") && reason.contains("it has no 'data'"), "\(reason)")
    }

    @Test(
        "How long to wait is said in seconds, milliseconds or with a date",
        arguments: [
            (["retry-after": "7"], .seconds(7)), (["retry-after": "0.5"], .milliseconds(500)),
            (["retry-after": "9", "retry-after-ms": "1500"], .milliseconds(1500)),
            (["retry-after": "Sun, 06 Nov 1994 08:49:47 GMT"], .seconds(10)),
            (["retry-after": "Sun, 06 Nov 1994 08:49:47 GMT", "date": "Sun, 06 Nov 1994 08:49:17 GMT"], .seconds(30)),
            (["retry-after": "Sun, 06 Nov 1994 08:00:00 GMT"], .zero),
            (["retry-after": "999999999999"], .seconds(86_400)),
            (["retry-after": "Sunday, 06-Nov-94 08:49:47 GMT"], .seconds(10)),
            (["retry-after": "Sun Nov  6 08:49:47 1994"], .seconds(10)),
            (["retry-after": "Sun Nov  6 08:49:47 1994", "date": "Sunday, 06-Nov-94 08:49:17 GMT"], .seconds(30)),
            (["retry-after": "-1"], nil), (["retry-after": "soon"], nil), (["retry-after": "inf"], nil),
            (["retry-after": ""], nil), (["retry-after": "Sun, 06 Nov 1994 08:49:47 CET"], nil), ([:], nil),
            (["retry-after": "Thu, 29 Feb 2024 00:00:00 GMT", "date": "Wed, 28 Feb 2024 23:59:00 GMT"], .seconds(60)),
            (
                ["retry-after": "Fri, 01 Mar 2024 00:00:00 GMT", "date": "Wed, 28 Feb 2024 00:00:00 GMT"],
                .seconds(86_400)
            ),
        ] as [([String: String], Duration?)])
    func retryAfter(fields: [String: String], expected: Duration?) throws {
        #expect(try failure(429, "", fields) == .limited(retryAfter: expected, Allowance()))
        // A server that is too busy says it the same way.
        let busy = try failure(503, "", fields)
        #expect(busy.kind == (expected == nil ? "unavailable" : "limited"))
    }

    @Test("Dates are counted as the calendar has them")
    func dates() {
        #expect(HTTPDate.seconds("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
        #expect(HTTPDate.seconds("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        #expect(HTTPDate.seconds("Mon, 28 Feb 2000 23:59:60 GMT") == 951_782_400)
        #expect(HTTPDate.seconds("Tue, 29 Feb 2000 00:00:00 GMT") == 951_782_400)
        #expect(HTTPDate.seconds("Fri, 31 Dec 9999 23:59:59 GMT") == 253_402_300_799)
        #expect(HTTPDate.seconds("Sunday, 06-Nov-94 08:49:37 GMT", now: 784_000_000) == 784_111_777)
        #expect(HTTPDate.seconds("Wednesday, 31-Dec-25 00:00:00 GMT", now: 1_700_000_000) == 1_767_139_200)
        #expect(HTTPDate.seconds("Thu Jan  1 00:00:07 1970") == 7)
        for wrong in ["Sunday, 06-Nov-1994 08:49:37 GMT", "Sun Nov 6 08:49 1994", "Sun Nov  6 08:49:37 94"] {
            #expect(HTTPDate.seconds(wrong) == nil)
        }
        for wrong in ["", "Sun, 06 Nov 1994 08:49 GMT", "06 Nov 1994 08:49:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT"] {
            #expect(HTTPDate.seconds(wrong) == nil)
        }
    }

    @Test("Limits are read as OpenAI and Mistral write them, and nonsense is none")
    func allowance() throws {
        let fields = [
            "x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "59",
            "x-ratelimit-reset-requests": "1s",
            "x-ratelimit-limit-tokens": "150000", "x-ratelimit-remaining-tokens": "149984",
            "x-ratelimit-reset-tokens": "6m0.5s",
        ]
        var expected = Allowance()
        (expected.requests, expected.requestsLeft, expected.requestsReset) = (60, 59, .seconds(1))
        (expected.tokens, expected.tokensLeft, expected.tokensReset) = (150_000, 149_984, .milliseconds(360_500))
        #expect(RateFields.allowance(fields) == expected)
        #expect(try failure(429, "", fields) == .limited(retryAfter: nil, expected))
        #expect(RateFields.allowance(["x-ratelimit-limit-req-minute": "60"]).requests == 60)
        #expect(
            RateFields.allowance(["x-ratelimit-limit-requests": "-1", "x-ratelimit-reset-tokens": "1x"]) == Allowance())
        // Near the end of all numbers: no limit, and nothing to reckon with.
        let unlimited = RateFields.allowance([
            "x-ratelimit-limit-tokens": "\(Int.max)", "x-ratelimit-remaining-tokens": "\(Int.max)",
            "x-ratelimit-reset-tokens": "1s",
        ])
        #expect(unlimited.tokens == 1_000_000_000_000 && unlimited.tokensLeft == unlimited.tokens)
        var pace = Pace(ceiling: nil)
        pace.told(
            limit: unlimited.tokens, left: unlimited.tokensLeft, reset: unlimited.tokensReset, at: ContinuousClock.now)
        // A time is no duration.
        for (text, wait) in [
            ("784111797", Duration.seconds(86_400)), ("1784111797", .seconds(20)),
            ("1784111797500", .milliseconds(20_500)),
        ] {
            let reset = RateFields.allowance(["x-ratelimit-reset-requests": text], now: 1_784_111_777).requestsReset
            #expect(reset == wait, "\(text)")
        }
        for (text, duration) in [
            ("20ms", Duration.milliseconds(20)), ("1h2m3.5s", .milliseconds(3_723_500)), ("2", .seconds(2)),
            ("0s", .zero),
        ] {
            #expect(RateFields.duration(text) == duration)
        }
        for text in ["", "s", "1", "m1", "-1s", "1s2", "1e3s", "nan"] where text != "1" {
            #expect(RateFields.duration(text) == nil, "\(text)")
        }
    }

    @Test("A denial names the credential by its last four characters, and a short key not at all")
    func credential() throws {
        #expect(try failure(401).reason.contains("(it was asked with the key …ab12)"))
        #expect(try failure(401, key: "short-key-1").reason.contains("(it was asked with the key)"))
        #expect(try failure(403, key: nil).reason.contains("without a key; set remote.key"))
        #expect(
            try failure(404).reason.contains("no model 'm-1' at https://api.example/v1/embeddings; look at remote.url"))
    }

    @Test("A redirect is told with where to, but for query, user and password")
    func redirect() throws {
        for (location, shown) in [
            ("https://me:secret@evil.example/login?key=secret#secret", "https://evil.example/login,"),
            ("/v2?secret", "/v2,"),
            ("//me:secret@x/", "another address"), ("\u{7}secret", "another address"),
        ] {
            let reason = try failure(308, "", ["location": location]).reason
            #expect(reason.contains(shown) && !reason.contains("secret"), "\(reason)")
        }
    }
}

@Suite("What is told of a provider's words") struct RemoteRedactionTests {
    private let redaction = Redaction(secrets: ["sk-proj-abcdefghijklmnopab12", "hunter2"])

    @Test("Keys, parts of them, and what a provider hid itself, are taken out")
    func keys() {
        for said in [
            "Incorrect API key provided: sk-proj-abcdefghijklmnopab12.", "key sk-proj-abcd********ab12 is wrong",
            "have:'abcdefghijkl'", "no hunter2 here", "Bearer=sk-proj-abcdefghijklmnopab12,", "(mnopab12)",
        ] {
            let told = redaction.told(said, sent: [])
            #expect(told?.contains("[key]") == true)
            for part in ["abcdefgh", "ab12", "hunter2"] {
                #expect(told?.contains(part) == false, "\(String(describing: told))")
            }
        }
        #expect(redaction.told("The model does not exist.", sent: []) == "The model does not exist")
    }

    @Test("Every configured value is taken out, a short one where it stands alone")
    func shortSecrets() {
        let redaction = Redaction(secrets: ["k3y", "7", "Bearer tok-1", "a b"])
        #expect(redaction.told("no k3y, (7) or tok-1: a 'b'", sent: []) == "no [key] [key] or [key] [key] [key]")
        #expect(redaction.told("monk3ys are 17, Bearer of tokens", sent: []) == "monk3ys are 17, Bearer of tokens")
    }

    @Test("A text is known however it is quoted")
    func quotations() {
        let text = "Dear Ann,\n\tyour \"card\" is 4111 1111 1111 1111 — déjà vu. Account 20251118.\nBob"
        for said in [
            #"bad: 'Dear Ann,\n\tyour \"card\"…'"#, #"near 4111111111111111"#, #"got "card\" is 4111 11"#,
            #"text DEAR ANN YOUR CARD"#, #"no account 20251118!"#, #"1111 \u2014 d\u00e9j\u00e0 vu. Acc"#,
            #"4111-1111-1111-1111 is refused"#,
        ] {
            #expect(redaction.told(said, sent: ["other", text]) == nil, "\(said)")
        }
        #expect(redaction.told("the service is down, Ann", sent: [text]) == "the service is down, Ann")
    }

    @Test("A message with a sent text in it, or with a part of one, is left out")
    func texts() {
        let long =
            "The vocal sits above the mix; cut 300 Hz by three decibels. " + String(repeating: "x", count: 100_000)
        #expect(redaction.told("can't embed 'eight by': why?", sent: ["eight by"]) == nil)
        #expect(redaction.told("near 'above the mix; cut 300 Hz by' (…)", sent: ["other", long]) == nil)
        #expect(
            redaction.told("near 'Größe, déjà vu, und mehr davon'", sent: ["Größe, déjà vu, und mehr davon hier"])
                == nil)
        // A short one is a quotation where it is a word of its own.
        #expect(redaction.told("problem with: HIV+", sent: ["HIV+"]) == nil)
        #expect(redaction.told("the input is empty", sent: ["in", "empt", ""]) == "the input is empty")
        #expect(redaction.told("cut 300 Hz, please", sent: [long]) == "cut 300 Hz, please")
    }

    @Test("What is told is one short line")
    func line() {
        #expect(redaction.told("a\nb\u{1b}[31m\u{202e}c\u{0}", sent: []) == "a b[31mc")
        let cut = redaction.told(String(repeating: "é ", count: 1000), sent: [])
        #expect(cut?.unicodeScalars.count == 201 && cut?.hasSuffix("…") == true)
        #expect(redaction.told("\u{0}", sent: []) == nil)
        #expect(ProviderMessage(body: [0xff, 0xfe]).text == nil)
        #expect(ProviderMessage(body: Array("<html>down</html>".utf8)).text == nil)
        #expect(ProviderMessage(body: Array("upstream is down".utf8)).text == "upstream is down")
        #expect(ProviderMessage(body: [UInt8](repeating: 0x5b, count: 1 << 20)).text == nil)
    }
}
