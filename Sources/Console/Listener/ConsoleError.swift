/// Why the console can't listen.
package enum ConsoleError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Somebody else has the address, or it is not there yet: it may be had later.
    case unavailable(String, String)
    /// The operating system does not allow it.
    case notPermitted(String, String)
    /// The settings are wrong.
    case misconfigured(String)

    /// What is wrong, and what to do.
    package var description: String {
        switch self {
        case .unavailable(let address, let reason): "the console can't listen on \(address): \(reason)"
        case .notPermitted(let address, let reason): "the console may not listen on \(address): \(reason)"
        case .misconfigured(let reason): "the console can't listen: \(reason)"
        }
    }
}
