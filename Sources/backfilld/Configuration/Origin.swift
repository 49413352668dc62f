/// Where a value came from, in words a person can act on.
struct Origin: Sendable, Hashable, CustomStringConvertible {
    let description: String

    private init(_ description: String) {
        self.description = description
    }

    /// The origin a provider reported as its key for a value.
    init(reported description: String) {
        self.description = description
    }

    /// Nobody set it: the built-in default.
    static let builtIn = Origin("default")

    /// A variable of the process environment.
    static func environment(_ name: String) -> Origin { Origin("environment \(name)") }

    /// A file of `$CREDENTIALS_DIRECTORY`.
    static func credential(_ name: String) -> Origin { Origin("credential \(name)") }

    /// An option of the command line, such as `--batch-rows`.
    static func commandLine(_ flag: String) -> Origin { Origin(flag) }

    /// A line of a file, or the file where the line is not known.
    static func file(_ path: String, line: Int?) -> Origin {
        Origin(line.map { "\(path), line \($0)" } ?? path)
    }
}

/// A value together with where it came from.
struct Sourced<Value: Sendable>: Sendable {
    let value: Value
    let origin: Origin
}

extension Sourced: Equatable where Value: Equatable {}
