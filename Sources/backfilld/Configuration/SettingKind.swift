/// The type of a setting and the values it may have.
enum SettingKind: Sendable {
    case text
    /// One that may be empty.
    case anyText
    case choice([String])
    case number(ClosedRange<Int>)
    case list
    case duration(ClosedRange<Duration>)
    case size(ClosedRange<Int>)
    /// A number that may have a fraction, with quotes around it or without.
    case amount(ClosedRange<Double>)
}

/// A value as a source gives it: words from a variable, or a typed value from a TOML file.
enum RawValue: Sendable, Equatable {
    /// A text that stands for any type: from a variable, a credential or an option.
    case words(String)
    case string(String)
    case number(Int)
    case strings([String])
    /// A number with a fraction, or one too large for a whole one.
    case fraction(Double)
    /// Something no setting is, by its name: "a date", "a section".
    case other(String)

    fileprivate var typeName: String {
        switch self {
        case .words, .string: "a string"
        case .number: "a number"
        case .strings: "a list of strings"
        case .fraction: "a number with a fraction"
        case .other(let name): name
        }
    }
}

/// A checked value.
enum SettingValue: Sendable, Hashable {
    case text(String)
    case number(Int)
    case list([String])
    case duration(Duration)
    case size(Int)

    /// As it would be written in the TOML file, strings without their quotes.
    var description: String {
        switch self {
        case .text(let text): text
        case .number(let number): String(number)
        case .list(let items): items.joined(separator: ", ")
        case .duration(let duration): DurationText(duration).description
        case .size(let bytes): SizeText(bytes).description
        }
    }
}

extension SettingKind {
    /// Checks a value; the fault quotes it only if the setting is no secret.
    func value(of raw: RawValue, isSecret: Bool = false) throws(ValueFault) -> SettingValue {
        func shown(_ text: String) -> String { isSecret ? "the value" : quoted(text) }
        switch self {
        case .text, .anyText:
            let text = try string(raw, wanted: "a string")
            if case .text = self, text.isEmpty { throw ValueFault(what: "is empty") }
            guard !text.utf8.contains(0) else { throw ValueFault(what: "contains a NUL character") }
            return .text(text)
        case .choice(let choices):
            let text = try string(raw, wanted: "a string")
            guard !choices.contains(text) else { return .text(text) }
            let near = nearestName(to: text, among: choices).map { "Did you mean \"\($0)\"?" }
            throw ValueFault(
                what: "is \(shown(text)), not one of \(choices.joined(separator: ", "))", remedy: near)
        case .number(let range):
            let number = try self.number(raw, shown: shown)
            guard range.contains(number) else {
                throw ValueFault(what: "is \(number), outside \(range.lowerBound) to \(range.upperBound)")
            }
            return .number(number)
        case .list:
            let items = try self.items(raw)
            if items.isEmpty { throw ValueFault(what: "names nothing") }
            if items.contains("") { throw ValueFault(what: "contains an empty name") }
            return .list(items)
        case .duration(let range):
            let text = try quantity(raw, wanted: "a duration", example: "250ms\", \"10s\", \"5min\" or \"1h")
            guard let duration = DurationText(configString: text)?.duration else {
                throw ValueFault(
                    what: "is \(shown(text)), not a duration",
                    remedy: "Write a number and one of the units ms, s, min and h: \"250ms\".")
            }
            guard range.contains(duration) else {
                throw ValueFault(what: "is \(shown(text)), outside \(Self.words(range, DurationText.init))")
            }
            return .duration(duration)
        case .size(let range):
            let text = try quantity(raw, wanted: "a size", example: "64KiB\" or \"1MiB")
            guard let bytes = SizeText(configString: text)?.bytes else {
                throw ValueFault(
                    what: "is \(shown(text)), not a size",
                    remedy: "Write a number and one of the units B, KiB, MiB, KB and MB: \"64KiB\".")
            }
            guard range.contains(bytes) else {
                throw ValueFault(what: "is \(shown(text)), outside \(Self.words(range, SizeText.init))")
            }
            return .size(bytes)
        case .amount(let range):
            let text = try amount(raw)
            guard let number = Double(text), number.isFinite else {
                throw ValueFault(what: "is \(shown(text)), not a number", remedy: "Write it as 0.02.")
            }
            guard range.contains(number) else {
                throw ValueFault(
                    what: "is \(shown(text)), outside \(Int(range.lowerBound)) to \(Int(range.upperBound))")
            }
            return .text(text)
        }
    }

    private func amount(_ raw: RawValue) throws(ValueFault) -> String {
        switch raw {
        case .words(let text), .string(let text): return trimmed(text)
        case .number(let number): return String(number)
        case .fraction(let number): return String(number)
        default: throw ValueFault(what: "must be a number, not \(raw.typeName)", remedy: "Write it as 0.02.")
        }
    }

    private func string(_ raw: RawValue, wanted: String) throws(ValueFault) -> String {
        switch raw {
        case .words(let text), .string(let text): return text
        default: throw ValueFault(what: "must be \(wanted) in quotes, not \(raw.typeName)")
        }
    }

    private func number(_ raw: RawValue, shown: (String) -> String) throws(ValueFault) -> Int {
        switch raw {
        case .number(let number): return number
        case .words(let text):
            guard let number = Int(text) else { throw ValueFault(what: "is \(shown(text)), not a whole number") }
            return number
        case .string(let text):
            let remedy = Int(text) == nil ? nil : "Write it without quotes."
            throw ValueFault(what: "must be a whole number, not a string", remedy: remedy)
        default: throw ValueFault(what: "must be a whole number, not \(raw.typeName)")
        }
    }

    private func items(_ raw: RawValue) throws(ValueFault) -> [String] {
        switch raw {
        case .strings(let items): return items
        case .words(let text):
            return text.split(separator: ",", omittingEmptySubsequences: false).map { trimmed($0) }
        default:
            throw ValueFault(
                what: "must be a list of strings, not \(raw.typeName)", remedy: "Write [\"topic\", \"category\"].")
        }
    }

    private func quantity(_ raw: RawValue, wanted: String, example: String) throws(ValueFault) -> String {
        if case .number(let number) = raw {
            throw ValueFault(
                what: "is \(number), without a unit",
                remedy: "Write \(wanted) with its unit, in quotes: \"\(example)\".")
        }
        return try string(raw, wanted: wanted)
    }

    private static func words<Bound: Comparable, Text: CustomStringConvertible>(
        _ range: ClosedRange<Bound>, _ text: (Bound) -> Text
    ) -> String {
        "\(text(range.lowerBound)) to \(text(range.upperBound))"
    }
}

/// A text without the blanks around it.
func trimmed(_ text: some StringProtocol) -> String {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    let head = text.drop(while: isBlank)
    guard let last = head.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(head[...last])
}
