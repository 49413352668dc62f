import Glibc

/// Where a loop of the service stands still for good because a test wants it to; nothing of it is in a release.
///
/// `STANDSTILL_OF` names the checker of the watchdog whose loop it is: `listener`, `pipeline`, `encoder` or `executor`;
/// or the `console`, which has none. The loops may then take no longer than a second, so that a test need not wait for minutes.
enum Standstill {
    #if DEBUG
        private static let name = getenv("STANDSTILL_OF").map { String(cString: $0) }

        /// Does not return where this is the loop.
        static func here(_ loop: String) {
            guard loop == name else { return }
            while true { pause() }
        }

        /// Lets all threads of Swift's pool stand still where they are what is wanted.
        static func ofEverything() {
            guard name == "executor" else { return }
            for _ in 0..<256 { Task.detached(priority: .high) { while true { pause() } } }
            for _ in 0..<256 { Task.detached { while true { pause() } } }
        }

        /// How long a loop may be silent.
        static func limit(_ limit: Duration) -> Duration { name == nil ? limit : .seconds(1) }
    #else
        static func here(_ loop: String) {}
        static func ofEverything() {}
        static func limit(_ limit: Duration) -> Duration { limit }
    #endif
}
