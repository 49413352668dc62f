import FoundationEssentials

/// What a notification on our channel says: which watched table has something to do, and which rows, where they fitted.
///
/// A payload is data from anybody who can connect. It is parsed strictly; keys are only ever passed on as parameters.
package struct Wakeup: Sendable, Hashable {
    /// The table's number in `backfilld.watch`.
    package let watch: Int32
    /// The text form of the new rows' keys; nil for a bare wake-up: look for yourself.
    package let keys: [String]?

    /// The channel that the triggers notify.
    package static let channel = "backfilld"

    /// Names what a notification would say.
    package init(watch: Int32, keys: [String]? = nil) {
        self.watch = watch
        self.keys = keys
    }

    /// Reads `12` or `12 ["key","key"]`; nil for everything else.
    package init?(payload: String) {
        let parts = payload.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard let number = parts.first, number.utf8.allSatisfy({ (48...57).contains($0) }), let watch = Int32(number)
        else { return nil }
        self.watch = watch
        guard parts.count == 2 else {
            keys = nil
            return
        }
        guard parts[1].utf8.first == UInt8(ascii: "["),
            let keys = try? JSONDecoder().decode([String].self, from: Data(parts[1].utf8)), !keys.isEmpty,
            // PostgreSQL has no zero byte in a text; a key with one is nobody's.
            !keys.contains(where: { $0.utf8.contains(0) })
        else { return nil }
        self.keys = keys
    }
}
