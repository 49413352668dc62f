/// Which wake-ups the triggers of a table send.
package enum NotifyMode: String, Sendable, Hashable, CaseIterable, Encodable {
    /// An INSERT names the keys of its pending rows, where they fit; an UPDATE of the text sends a bare wake-up.
    case ids
    /// Every statement sends a bare wake-up: no transition table, the cheapest for bulk loads.
    case wake
    /// Nothing is sent; the daemon looks for rows once a second. The only one that allows PREPARE TRANSACTION.
    case off
}
