import Glibc
import SentenceEncoder

/// Prints what a tokenizer does on one core, as JSON: `tokenizer-benchmark MODEL_FOLDER TEXTS [SECONDS]`.
///
/// TEXTS has one text on each line. Every pass goes over all of them with a limit of 256 ids for each; the best pass and
/// the median of all count.
func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

func fail(_ message: String) -> Never {
    let line = message + "\n"
    _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(1)
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else { fail("tokenizer-benchmark MODEL_FOLDER TEXTS [SECONDS]") }

do throws(ModelError) {
    let began = seconds()
    let tokenizer = try Tokenizer(folder: arguments[1])
    let loaded = seconds() - began
    let lines = try readFile(arguments[2], limit: 1 << 30).split(separator: 0x0a).map(Array.init)
    let length = arguments.count > 3 ? Double(arguments[3]) ?? 3 : 3
    var ids: [Int32] = []
    var rates: [Double] = []
    var count = 0
    let start = seconds()
    while rates.count < 5 || seconds() - start < length {
        let passStart = seconds()
        count = 0
        for line in lines {
            ids.removeAll(keepingCapacity: true)
            line.withUnsafeBufferPointer { tokenizer.appendPieces(of: $0, limit: 254, to: &ids) }
            count += ids.count
        }
        rates.append(Double(count) / (seconds() - passStart))
    }
    rates.sort()
    print(
        """
        {"texts": \(lines.count), "bytes": \(lines.reduce(0) { $0 + $1.count }), "tokens": \(count), \
        "load_ms": \((loaded * 1e4).rounded() / 10), "passes": \(rates.count), \
        "tokens_per_second_median": \(Int(rates[rates.count / 2])), "tokens_per_second_best": \(Int(rates[rates.count - 1]))}
        """)
} catch {
    fail("\(error)")
}
