@testable import Backfill
import TestSupport
import Testing

@testable import Console

/// What Prometheus reads.
@Suite struct ConsoleMetricsTests {
    /// A line of the exposition format: a name, labels in quotes, a number.
    nonisolated(unsafe) private static let sample =
        /([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? ([-+]?(?:[0-9.]+(?:e[-+]?[0-9]+)?|Inf)|NaN)/

    private static func check(_ text: String) {
        var types: [String: String] = [:]
        var family = ""
        #expect(text.hasSuffix("\n"))
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# HELP ") {
                family = String(line.split(separator: " ")[2])
                #expect(types[family] == nil, "\(family) is told twice")
            } else if line.hasPrefix("# TYPE ") {
                let parts = line.split(separator: " ")
                #expect(String(parts[2]) == family && ["gauge", "counter", "histogram"].contains(String(parts[3])))
                types[family] = String(parts[3])
                #expect(parts[3] != "counter" || family.hasSuffix("_total"), "\(family)")
            } else {
                let match = line.wholeMatch(of: sample)
                #expect(match != nil, "no sample: \(line)")
                let name = match.map { String($0.1) } ?? ""
                let suffixes = types[family] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
                #expect(suffixes.contains { family + $0 == name }, "\(name) in \(family)")
            }
        }
    }

    @Test("Every line is of Prometheus' grammar, with names and classes that need escapes")
    func grammar() {
        let name = "public.\"odd\\name\"\nwith a line"
        let tally = Tally(tables: [1: name])
        let key = RowKey("1")
        var report = BatchReport()
        report.outcomes = [key: .written, RowKey("2"): .failed("a reason")]
        tally.hear(.batch(report, took: .milliseconds(30)), of: 1)
        tally.hear(.trouble(TableProblem.notSetUp(table: "x")), of: 1)
        tally.hear(.setAside(key: key, reason: "x"), of: 1)
        tally.hear(.listening(isEcho: true, backendPID: 1))
        tally.hear(.heartbeat(daemons: 2, queueUsage: 0.25))
        tally.called(by: "pipeline", texts: 2, tokens: 20, took: .milliseconds(3), failed: nil)
        tally.observe(lane: 0, isAtWork: true)
        tally.observe(lane: 0, isAtWork: false)
        let text = Metrics.text(
            tally.counts, Vitals(tables: [1: name]), version: "1.0", embedder: "a \"quoted\" one", up: .seconds(5),
            at: .now)
        Self.check(text)
        #expect(
            text.contains(
                #"backfilld_row_outcomes_total{table="public.\"odd\\name\"\nwith a line",outcome="written"} 1"#))
        #expect(text.contains("backfilld_notify_queue_usage 0.25\n"))
        #expect(text.contains("backfilld_daemons 2\n"))
        #expect(text.contains(#"backfilld_embedded_tokens_total{caller="pipeline"} 20"#))
        #expect(text.contains(#",class="schema"} 1"#))
    }

    @Test("A histogram counts up, and its last bucket has all")
    func histogram() {
        var histogram = Histogram()
        for seconds in [0.001, 0.02, 0.02, 7, 1000] { histogram.add(seconds) }
        var text = MetricsText()
        text.begin("x", "histogram", "h")
        text.sample(histogram)
        #expect(text.text.contains("x_bucket{le=\"0.005\"} 1\n") && text.text.contains("x_bucket{le=\"0.025\"} 3\n"))
        #expect(text.text.contains("x_bucket{le=\"60\"} 4\n") && text.text.contains("x_bucket{le=\"+Inf\"} 5\n"))
        #expect(text.text.contains("x_count 5\n"))
    }

    @Test("The console serves them, and counts its own requests")
    func served() async throws {
        let console = try RunningConsole()
        _ = try await console.get("/nothing")
        _ = try await console.post("/v1/embeddings", #"{"input":"some text"}"#)
        let answer = try await console.get("/metrics")
        #expect(answer.status == 200 && answer.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        Self.check(answer.body)
        #expect(answer.body.contains(#"backfilld_console_requests_total{endpoint="other",status="404"} 1"#))
        #expect(answer.body.contains(#"backfilld_embedded_texts_total{caller="console"} 1"#))
        #expect(answer.body.contains("backfilld_console_connections "))
        let readiness = try await console.get("/readyz")
        #expect(readiness.status == 503 && readiness.body.contains("connecting to the database"))
        try await console.stop()
    }
}
