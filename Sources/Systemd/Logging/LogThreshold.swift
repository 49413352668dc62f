import Logging
import Synchronization

/// The level below which nothing is logged, for all loggers at once, so that a reload can change it.
public final class LogThreshold: Sendable {
    private let current: Mutex<Logger.Level>

    /// Begins with a level.
    public init(_ level: Logger.Level = .info) {
        current = Mutex(level)
    }

    /// The level in force.
    public var level: Logger.Level {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}
