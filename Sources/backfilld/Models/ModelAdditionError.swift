import ArgumentParser

/// Why a model was not added.
struct ModelAdditionError: Error, CustomStringConvertible {
    /// The kinds, by their exit code of sysexits(3).
    enum Kind: Int32, Sendable {
        case data = 65
        case noInput = 66
        /// A transfer failed, or a program is missing.
        case unavailable = 69
        case cannotCreate = 73
        case noPermission = 77
    }

    let kind: Kind
    let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    var exitCode: ExitCode { ExitCode(kind.rawValue) }
}
