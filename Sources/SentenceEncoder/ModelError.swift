/// Why a model folder cannot be used, in words for the person who pointed at it.
package struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file or folder that is wrong.
    package let path: String
    /// What is wrong with it and, where there is one, the way out. One sentence, no final full stop.
    package let problem: String

    /// Describes what is wrong with a file.
    package init(_ path: String, _ problem: String) {
        self.path = path
        self.problem = problem
    }

    /// `PATH: PROBLEM`.
    package var description: String { "\(path): \(problem)" }
}
