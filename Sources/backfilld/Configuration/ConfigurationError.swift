/// One thing that is wrong with the configuration.
struct ConfigurationProblem: Sendable, Hashable, Codable {
    /// The file and line, variable, credential or option.
    let place: String
    /// What is wrong there. Never a secret.
    let what: String
    /// What to do about it.
    let remedy: String?

    init(_ place: String, _ what: String, remedy: String? = nil) {
        self.place = place
        self.what = what
        self.remedy = remedy
    }

    init(_ origin: Origin, _ what: String, remedy: String? = nil) {
        self.init(origin.description, what, remedy: remedy)
    }
}

/// Everything that is wrong with the configuration: all of it, so that it can be put right in one go.
struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// EX_CONFIG of sysexits.h.
    static let exitCode: Int32 = 78

    /// The problems, in the order of precedence of their places; at least one.
    let problems: [ConfigurationProblem]
    /// What was passed over on the way, and may be the reason.
    var warnings: [String] = []

    /// More would scroll the first ones, which matter most, off the screen.
    private static let mostShown = 50

    var description: String {
        let count = problems.count
        var lines = [count == 1 ? "The configuration has a problem." : "The configuration has \(count) problems."]
        for problem in problems.prefix(Self.mostShown) {
            lines.append("  \(problem.place): \(problem.what)")
            for line in (problem.remedy ?? "").split(separator: "\n") {
                lines.append("      \(line)")
            }
        }
        if count > Self.mostShown { lines.append("  … and \(count - Self.mostShown) more.") }
        lines += warnings.prefix(Self.mostShown).map { "  Note: \($0)" }
        return lines.joined(separator: "\n")
    }
}

/// What a value is not allowed to be, before it is known where it stands.
struct ValueFault: Error, Sendable, Equatable {
    let what: String
    var remedy: String?
}

/// A text in quotes for a message: short, on one line, with nothing in it that a terminal obeys.
func quoted(_ text: String, most: Int = 60) -> String {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(most) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            shown += "\\u{\(String(scalar.value, radix: 16))}"
        default:
            shown.unicodeScalars.append(scalar)
        }
    }
    if text.unicodeScalars.count > most { shown += "…" }
    return "\"\(shown)\""
}

/// A name nobody defined, for a message: as it is when it looks like a name, else only described,
/// because a secret may have slipped into its place.
func quotedName(_ name: String) -> String {
    let harmless = name.unicodeScalars.allSatisfy { scalar in
        let isWordLike = scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
        return scalar.isASCII && (isWordLike || "._-".unicodeScalars.contains(scalar))
    }
    return harmless && !name.isEmpty && name.utf8.count <= 64 ? "\"\(name)\"" : "(no setting's name, not shown)"
}
