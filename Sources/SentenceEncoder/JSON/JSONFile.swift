/// A configuration file: a JSON object whose members are read with a check of their kind. A member that is `null` counts
/// as absent, as it does for Python's `.get`.
struct JSONFile: Sendable {
    let path: String
    private let root: JSON

    /// Reads a file of at most `limit` bytes.
    init(path: String, limit: Int = configurationFileLimit) throws(ModelError) {
        try self.init(path: path, bytes: try readFile(path, limit: limit))
    }

    /// Reads a file if it is there.
    static func ifPresent(_ path: String) throws(ModelError) -> JSONFile? {
        exists(path) ? try JSONFile(path: path) : nil
    }

    init(path: String, bytes: [UInt8]) throws(ModelError) {
        self.path = path
        do throws(JSONError) {
            root = try JSON.parse(bytes)
        } catch {
            throw ModelError(path, "is not valid JSON: \(error)")
        }
        guard root.members != nil else { throw ModelError(path, "holds \(root.kind) where an object is expected") }
    }

    /// A member's value, whatever it is; nil if it is absent or `null`.
    subscript(_ key: String) -> JSON? {
        guard let value = root[key], !value.isNull else { return nil }
        return value
    }

    /// All names and values.
    var members: [JSON.Member] { root.members ?? [] }

    func error(_ problem: String) -> ModelError { ModelError(path, problem) }

    private func unexpected(_ key: String, _ value: JSON, _ expected: String) -> ModelError {
        error("has \(value.kind) as '\(key)' where \(expected) is expected")
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(ModelError) -> Int? {
        guard let value = self[key] else { return nil }
        guard let integer = value.int else { throw unexpected(key, value, "a whole number") }
        guard range.contains(integer) else {
            throw error("has \(integer) as '\(key)'; \(range.lowerBound) to \(range.upperBound) can be used")
        }
        return integer
    }

    func number(_ key: String) throws(ModelError) -> Double? {
        guard let value = self[key] else { return nil }
        guard let number = value.double else { throw unexpected(key, value, "a number") }
        return number
    }

    func flag(_ key: String) throws(ModelError) -> Bool? {
        guard let value = self[key] else { return nil }
        guard let flag = value.flag else { throw unexpected(key, value, "true or false") }
        return flag
    }

    func text(_ key: String) throws(ModelError) -> String? {
        guard let value = self[key] else { return nil }
        guard let text = value.text else { throw unexpected(key, value, "a string") }
        return text
    }

    /// Refuses a member that is there and says something: anything but `null`, `false`, or empty.
    func refuse(_ key: String, because reason: String) throws(ModelError) {
        if let value = self[key], !value.isVoid { throw error("sets \(quote(key)): \(reason)") }
    }

    /// Refuses every member that says something and is not in the list of those whose meaning is known.
    func refuseUnknown(except known: Set<String>) throws(ModelError) {
        for member in members where !known.contains(member.name) && !member.value.isVoid {
            throw error(
                "sets \(quote(member.name)), which is not known here; the model might be meant to run otherwise")
        }
    }
}

extension JSON {
    /// Whether this is what an option that is not used is written as.
    var isVoid: Bool {
        switch self {
        case .null, .bool(false): true
        case .string(let bytes): bytes.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        default: false
        }
    }
}
