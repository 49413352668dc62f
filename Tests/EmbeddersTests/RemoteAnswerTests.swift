import TestSupport
import Testing

@testable import Embedders

@Suite("Answers of providers") struct RemoteAnswerTests {
    /// What is wrong with an answer to two texts with vectors of two components; nil where it is right.
    private func problem(_ text: String, dimension: Int? = 2) -> String? {
        do throws(AnswerProblem) {
            let answer = try OpenAIAnswer(Array(text.utf8), count: 2, dimension: dimension)
            #expect(answer.vectors.count == 2)
            return nil
        } catch {
            return error.text
        }
    }

    @Test("Vectors come in the order of their index, whatever else is in the answer")
    func order() throws {
        let text = """
             {"model":"a\\"}","object":"list","x":[[1,{"data":null}],true,false,-1.5e-3,"\\u00e9\\n"],
             "data":[ {"embedding":[ 0.5 , -2e0],"index":1,"object":"embedding"}, {"index":0,"embedding":[1,3]} ],
             "usage":{"prompt_tokens":7,"total_tokens":8,"more":{"a":[]}}}\u{20}
            """
        let answer = try OpenAIAnswer(Array(text.utf8), count: 2, dimension: nil)
        #expect(answer.vectors == [[1, 3], [0.5, -2]])
        #expect(answer.tokens == 8 && !answer.wereStrings)
    }

    @Test(
        "Base64 is read to the bit, with and without padding, and with escaped slashes",
        arguments: [
            [1, -2.5e-30], [.leastNonzeroMagnitude, 3], [1, 2, 3], [.greatestFiniteMagnitude], [0.1, -0, 5, 6],
        ]
            as [[Float]])
    func strings(vector: [Float]) throws {
        for text in [base64(vector), base64(vector).replacing("/", with: "\\/")] {
            let body = #"{"data":[{"index":0,"embedding":"\#(text)"}]}"#
            let answer = try OpenAIAnswer(Array(body.utf8), count: 1, dimension: vector.count)
            #expect(answer.vectors[0].map(\.bitPattern) == vector.map(\.bitPattern))
            #expect(answer.wereStrings && answer.tokens == nil)
        }
    }

    @Test("A slash is in one of those strings")
    func slash() { #expect(base64([.greatestFiniteMagnitude]).contains("/")) }

    @Test(
        "What is wrong with an answer is named",
        arguments: [
            ("", "ends too early|no object"), ("null", "no object"), ("{}", "no 'data'"), (#"{"data":{}}"#, "no array"),
            (#"{"data":[]}"#, "0 vectors for 2 texts"), (#"{"data":[1,2]}"#, "no object"),
            (#"{"data":[{"index":0,"embedding":[1,2]}]}"#, "1 vectors for 2 texts"),
            (#"{"data":[{"index":0,"embedding":[1,2]},{"index":0,"embedding":[1,2]}]}"#, "vector 0 twice"),
            (#"{"data":[{"index":0,"embedding":[1,2]},{"index":2,"embedding":[1,2]}]}"#, "vector 2 for 2 texts"),
            (#"{"data":[{"index":-1,"embedding":[1,2]}]}"#, "vector -1"),
            (#"{"data":[{"embedding":[1,2]},{"embedding":[1,2]}]}"#, "no 'index'"),
            (#"{"data":[{"index":"0","embedding":[1,2]}]}"#, "no whole number"),
            (#"{"data":[{"index":0.0,"embedding":[1,2]}]}"#, "no whole number"),
            (#"{"data":[{"index":99999999999999999999,"embedding":[1,2]}]}"#, "no whole number"),
            (#"{"data":[{"index":0}]}"#, "no 'embedding'"), (#"{"data":[{"index":0,"embedding":1}]}"#, "neither"),
            (#"{"data":[{"index":0,"embedding":[1,nul]}]}"#, "no number"),
            (#"{"data":[{"index":0,"embedding":[NaN,"2"]}]}"#, "no number"),
            (#"{"data":[{"index":0,"embedding":[1]}]}"#, "1 components, 2 are configured"),
            (#"{"data":[{"index":0,"embedding":[1,2,3]}]}"#, "3 components, 2 are configured"),
            (#"{"data":[{"index":0,"embedding":[]}]}"#, "0 components"),
            (#"{"data":[{"index":0,"embedding":[1,"2"]}]}"#, "no number"),
            (#"{"data":[{"index":0,"embedding":[01,2]}]}"#, "no number"),
            (#"{"data":[{"index":0,"embedding":[1.,2]}]}"#, "no number"),
            (#"{"data":[{"index":0,"embedding":[.5,2]}]}"#, "no number"),
            (#"{"data":[{"index":0,"embedding":[+1,2]}]}"#, "no number"),
            (#"{"data":[{"index":0,"embedding":[1e,2]}]}"#, "no number"),
            (#"{"data":[{"index":0,"embedding":[1 2]}]}"#, "',' is missing"),
            (#"{"data":[{"index":0,"embedding":[1,]}]}"#, "no number"),
            (#"{"data":[{"index":0,"embedding":[1,"#, "middle of a vector"),
            (#"{"data":[{"index":0,"embedding":"AAAA"}]}"#, "no floats in base64"),
            (#"{"data":[{"index":0,"embedding":"AACAPwAAgD"}]}"#, "no floats in base64"),
            (#"{"data":[{"index":0,"embedding":"AACAPwAA*D8="}]}"#, "no floats in base64"),
            (#"{"data":[{"index":0,"embedding":"AACAPw=="}]}"#, "1 components, 2 are configured"),
            (#"{"data":[{"index":0,"embedding":"AACAf\#u{2b}AACA"#, "middle of a string"),
            (#"{"data":[{"index":0,"index":1,"embedding":[1,2]}]}"#, "'index' twice"),
            (#"{"data":[{"index":0,"embedding":[1,2],"embedding":[1,2]}]}"#, "'embedding' twice"),
            (#"{"data":[],"data":[]}"#, "'data' twice"),
            (String(repeating: "[", count: 100_000), "no object"),
            (#"{"a":"# + String(repeating: "[", count: 100_000), "nested too deep"),
            (#"{"a":"# + String(repeating: #"{"a":"#, count: 100_000), "nested too deep"),
            ("{\"a\":\"\u{1}\"}", "control character"), (#"{"a":"\x"}"#, "escape"), (#"{"a":"\u12g4"}"#, "escape"),
            (#"{"a":tru}"#, "no value"), (#"{"a" 1}"#, "':' is missing"), (#"{a:1}"#, "name is missing"),
            (#"{"a":1,}"#, "name is missing"), (#"{"a":-}"#, "written wrongly"), ("\u{feff}{}", "no object"),
            ("<html>", "no object"),
        ])
    func problems(text: String, part: String) {
        let found = problem(text)
        let parts = part.split(separator: "|")
        #expect(parts.contains { found?.contains($0) == true }, "\(text.prefix(80)): \(found ?? "read")")
    }

    @Test(
        "A vector that is none is told of in its place, and takes nothing from the others",
        arguments: [
            ("[1,null]", "no number"), ("[null]", "no number"), ("null", "no number"), ("[1,NaN]", "no number"),
            ("[ -Infinity , Infinity ]", "no number"), ("[1,1e39]", "beyond all numbers"),
            ("[1,-1e999]", "beyond all numbers"), ("[0,-0.0]", "nothing but zeros"), ("[0,1e-60]", "nothing but zeros"),
        ])
    func flaws(vector: String, part: String) throws {
        let text = #"{"data":[{"index":1,"embedding":[1,2]},{"index":0,"embedding":"# + vector + "}]}"
        let answer = try OpenAIAnswer(Array(text.utf8), count: 2, dimension: 2)
        #expect(answer.vectors == [[], [1, 2]])
        #expect(answer.flaws.count == 1 && answer.flaws[0]?.contains(part) == true, "\(answer.flaws)")
    }

    @Test("An answer has nothing behind its end and is UTF-8")
    func ends() throws {
        let whole = #"{"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[1,2]}]}"#
        #expect(problem(whole) == nil)
        for more in ["{}", "x", "\u{0}", "]"] { #expect(problem(whole + more)?.contains("behind its end") == true) }
        for length in 0..<whole.utf8.count { #expect(problem(String(whole.prefix(length))) != nil, "\(length)") }
        do throws(AnswerProblem) {
            _ = try OpenAIAnswer(Array(#"{"a":""#.utf8) + [0xc3, 0x28] + Array(#""}"#.utf8), count: 1, dimension: 1)
            Issue.record("wrong UTF-8 was read")
        } catch {
            #expect(error.text.contains("not UTF-8"))
        }
    }

    @Test("Without a configured dimension all vectors have as many components as the first")
    func dimension() {
        let text = #"{"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[1]}]}"#
        #expect(problem(text, dimension: nil)?.contains("1 components, another has 2") == true)
    }

    @Test("Cohere's vectors come in the order of the texts")
    func cohere() throws {
        let text = #"""
            {"id":"x","embeddings":{"int8":null,"float":[[1,2],[3,4]]},"texts":["a","b"],
             "meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":5}},"response_type":"embeddings_by_type"}
            """#
        let answer = try CohereAnswer(Array(text.utf8), count: 2, dimension: 2)
        #expect(answer.vectors == [[1, 2], [3, 4]] && answer.tokens == 5)
        let strings = #"{"embeddings":{"base64":["\#(base64([1, 2]))"]}}"#
        #expect(try CohereAnswer(Array(strings.utf8), count: 1, dimension: 2).vectors == [[1, 2]])
        for (text, part) in [
            (#"{"embeddings":[[1,2],[3,4]]}"#, "no object"),
            (#"{"embeddings":{"int8":[[1,2],[3,4]]}}"#, "no 'embeddings'"),
            (#"{"embeddings":{"float":[[1,2]]}}"#, "1 vectors for 2"), ("{}", "no 'embeddings'"),
            (#"{"embeddings":{"float":[[1,2],[3,4],[5,6]]}}"#, "vector 2 for 2"),
            (#"{"embeddings":{"float":[[1,2],[3,4]],"base64":[]}}"#, "twice"),
            (#"{"embeddings":{"float":[[1,2],3]}}"#, "neither"),
        ] {
            #expect(throws: AnswerProblem.self, "\(text)") {
                do throws(AnswerProblem) {
                    _ = try CohereAnswer(Array(text.utf8), count: 2, dimension: 2)
                } catch {
                    #expect(error.text.contains(part), "\(text): \(error.text)")
                    throw error
                }
            }
        }
    }
}
