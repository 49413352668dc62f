import FoundationEssentials

/// A value as JSON for people and programs: indented, members in the order of their names, so that two runs can be compared.
func printedJSON(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}
