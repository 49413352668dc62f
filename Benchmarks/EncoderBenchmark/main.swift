import Glibc
import SentenceEncoder

// Measures the encoder alone, for Benchmarks/encoder: one JSON line on standard output.
//
//   encoder-benchmark --model DIR --texts FILE [--precision fp32|bf16|int8] [--seconds N] [--lanes N]
//                     [--single]    the first text alone, over and over: median milliseconds
//                     [--linear]    only the products of the linear layers, for the same tokens in the same groups
//                     [--vectors]   prints the vectors, one JSON array a line, instead of measuring

func fail(_ message: String) -> Never {
    let line = "encoder-benchmark: \(message)\n"
    _ = write(STDERR_FILENO, line, line.utf8.count)
    exit(64)
}

func seconds(since start: ContinuousClock.Instant) -> Double {
    let duration = ContinuousClock.now - start
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}

/// What all threads have used; steadier than time on a machine with other work.
func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

var values: [String: String] = [:]
var flags: Set<String> = []
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
    switch argument {
    case "--single", "--linear", "--vectors": flags.insert(argument)
    case "--model", "--texts", "--precision", "--seconds", "--lanes":
        guard let value = arguments.popFirst() else { fail("\(argument) needs a value") }
        values[argument] = value
    default: fail("unknown option \(argument)")
    }
}
guard let model = values["--model"], let textsFile = values["--texts"] else { fail("--model and --texts are needed") }
let precision = values["--precision"].map { name in
    guard let precision = Precision(rawValue: name) else { fail("no precision is called \(name)") }
    return precision
}

var texts: [String] = []
let file = open(textsFile, O_RDONLY)
guard file >= 0, dup2(file, STDIN_FILENO) == STDIN_FILENO else { fail("cannot read \(textsFile)") }
while let line = readLine() { texts.append(line) }

let loading = ContinuousClock.now
let encoder: SentenceEncoder
do {
    encoder = try SentenceEncoder(
        ModelFolder(path: model),
        SentenceEncoder.Options(precision: precision, lanes: values["--lanes"].flatMap { Int($0) }))
} catch {
    fail("\(error)")
}
let prompt = encoder.folder.prompt(for: .passage)
let first = try await encoder.encode([texts[0]], prompt: prompt)
let loaded = seconds(since: loading)

if flags.contains("--vectors") {
    for vector in try await encoder.encode(texts, prompt: prompt).vectors { print(vector) }
    exit(0)
}

let limit = values["--seconds"].flatMap { Double($0) } ?? 3
if flags.contains("--single") {
    var times: [Double] = []
    let start = ContinuousClock.now
    repeat {
        let once = ContinuousClock.now
        _ = try await encoder.encode([texts[0]], prompt: prompt)
        times.append(seconds(since: once) * 1000)
    } while seconds(since: start) < limit
    times.sort()
    print(#"{"milliseconds": \#(times[times.count / 2]), "runs": \#(times.count)}"#)
    exit(0)
}

// The first pass compiles a product for each number of rows.
var tokens = try await encoder.encode(texts, prompt: prompt).tokens
if flags.contains("--linear") { try await encoder.multiplyOnly(texts) }
var passes = 0
let start = ContinuousClock.now
let busyBefore = processorSeconds()
repeat {
    if flags.contains("--linear") {
        try await encoder.multiplyOnly(texts)
    } else {
        _ = try await encoder.encode(texts, prompt: prompt)
    }
    passes += 1
} while seconds(since: start) < limit
let elapsed = seconds(since: start)
let busy = processorSeconds() - busyBefore
print(
    #"{"textsPerSecond": \#(Double(passes * texts.count) / elapsed), "tokensPerSecond": \#(Double(passes * tokens) / elapsed), "#
        + #""tokensPerProcessorSecond": \#(Double(passes * tokens) / busy), "#
        + #""loadSeconds": \#(loaded), "precision": "\#(encoder.precision.rawValue)", "tokens": \#(tokens)}"#)
