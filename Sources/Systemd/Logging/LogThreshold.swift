import Logging
import Synchronization

/// The level below which nothing is logged, for all loggers at once, so that a reload can change it.
package final class LogThreshold: Sendable {
    private let current: Mutex<Logger.Level>

    /// Begins with a level.
    package init(_ level: Logger.Level = .info) {
        current = Mutex(level)
    }

    /// The level in force.
    package var level: Logger.Level {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}
