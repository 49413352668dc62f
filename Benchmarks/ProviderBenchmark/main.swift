import Embedders
import Glibc

/// Prints what reading a provider's answers costs on one core, as JSON: `provider-benchmark [VECTORS [DIMENSION [SECONDS]]]`.
///
/// The same vectors are read as JSON numbers, as the two kinds of providers write them (the digits of a double, and as few
/// as a float needs), and as base64, in turn, in one run: time of the processor, not of the clock. The bars: JSON numbers
/// at 200 MB/s or better, base64 for at most a third of the time per vector.
func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

func number(_ place: Int, _ default: Int) -> Int {
    CommandLine.arguments.count > place ? Int(CommandLine.arguments[place]) ?? `default` : `default`
}

let (count, dimension, length) = (number(1, 500), number(2, 1536), Double(number(3, 6)))
var state: UInt64 = 42
let vectors: [[Float]] = (0..<count).map { _ in
    (0..<dimension).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (Float(state >> 40) / Float(1 << 24) - 0.5) / 16
    }
}

let base64Digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

func base64(_ vector: [Float]) -> String {
    let bytes = vector.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let bits = group.reduce(0) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
        for place in 0..<4 {
            text.append(place <= group.count ? base64Digits[Int(bits >> UInt32(18 - 6 * place) & 63)] : 0x3d)
        }
    }
    return "\"\(String(decoding: text, as: UTF8.self))\""
}

func answer(_ write: ([Float]) -> String) -> [UInt8] {
    let items = vectors.enumerated().map { #"{"object":"embedding","index":\#($0),"embedding":\#(write($1))}"# }
    return Array(
        #"{"object":"list","data":[\#(items.joined(separator: ","))],"model":"m","usage":{"total_tokens":1}}"#.utf8)
}

struct Kind {
    let name: String
    let body: [UInt8]
    var seconds: [Double] = []

    /// The median pass.
    var median: Double { seconds.sorted()[seconds.count / 2] }
    var megabytesPerSecond: Double { Double(body.count) / median / 1e6 }
    var microsecondsPerVector: Double { median / Double(count) * 1e6 }
}

var kinds = [
    Kind(name: "json_double", body: answer { "[\($0.map { "\(Double($0))" }.joined(separator: ","))]" }),
    Kind(name: "json_float", body: answer { "[\($0.map { "\($0)" }.joined(separator: ","))]" }),
    Kind(name: "base64", body: answer(base64)),
]

let start = processorSeconds()
repeat {
    for place in kinds.indices {
        let begin = processorSeconds()
        let read = try OpenAIAnswer(kinds[place].body, count: count, dimension: dimension)
        kinds[place].seconds.append(processorSeconds() - begin)
        guard read.vectors == vectors else { fatalError("\(kinds[place].name): read wrongly") }
    }
} while kinds[0].seconds.count < 5 || processorSeconds() - start < length

func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

let lines = kinds.map { kind in
    """
    "\(kind.name)": {"bytes": \(kind.body.count), "megabytes_per_second": \(rounded(kind.megabytesPerSecond)), \
    "microseconds_per_vector": \(rounded(kind.microsecondsPerVector))}
    """
}
let times = kinds.prefix(2).map { rounded($0.median / kinds[2].median) }
print(
    """
    {"vectors": \(count), "dimension": \(dimension), "passes": \(kinds[0].seconds.count), \(lines.joined(separator: ", ")), \
    "json_double_to_base64": \(times[0]), "json_float_to_base64": \(times[1])}
    """)
