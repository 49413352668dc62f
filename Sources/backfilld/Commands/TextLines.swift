import ArgumentParser
import FoundationEssentials

/// A line `{"id": "…", "text": "…"}` of standard input.
struct TextLine: Decodable {
    let id: LineID
    let text: String
}

/// An id as it came, so that it goes back the same.
enum LineID: Codable {
    case number(Int)
    case text(String)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }
}

/// JSON Lines from standard input to standard output.
enum TextLines {
    /// Reads all of standard input and writes what `work` makes of it, in the same order.
    ///
    /// - Parameters:
    ///   - most: Lines that `work` is given at once, at most.
    ///   - work: Gives one output a line.
    /// - Throws: ``Failure/data`` for a line that does not fit, after what came before it was written.
    static func process<Output: Encodable>(
        most: Int, isolation: isolated (any Actor)? = #isolation, _ work: ([TextLine]) async throws -> [Output]
    ) async throws {
        let decoder = JSONDecoder()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func write(_ lines: [TextLine]) async throws {
            guard !lines.isEmpty else { return }
            for output in try await work(lines) { print(String(decoding: try encoder.encode(output), as: UTF8.self)) }
        }
        var waiting: [TextLine] = []
        var number = 0
        while let line = readLine(strippingNewline: true) {
            number += 1
            if line.allSatisfy(\.isWhitespace) { continue }
            guard let text = try? decoder.decode(TextLine.self, from: Data(line.utf8)) else {
                // What was right so far is not lost.
                try await write(waiting)
                complain(#"backfilld: line \#(number) of standard input is no {"id": "…", "text": "…"}"#)
                throw Failure.data
            }
            waiting.append(text)
            if waiting.count == most {
                try await write(waiting)
                waiting = []
            }
        }
        try await write(waiting)
    }
}
