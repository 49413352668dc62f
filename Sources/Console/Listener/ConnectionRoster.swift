import NIOCore

/// The connections that are there, and which of them rest: pure, told the time.
///
/// Whoever keeps connections and asks nothing on them takes no place from others: where all places are taken, the connection
/// that has rested longest gives way.
struct ConnectionRoster<Connection: Sendable> {
    /// What comes of a new connection.
    enum Admission: Sendable {
        case admitted
        /// It takes the place of this one, which is to be closed.
        case instead(Connection)
        /// All others have requests under way.
        case full
    }

    private struct Entry {
        var connection: Connection
        /// Nil while a request is under way.
        var restsSince: NIODeadline?
    }

    private let room: Int
    private var entries: [ObjectIdentifier: Entry] = [:]

    init(room: Int) { self.room = room }

    /// All that are there.
    var all: [Connection] { entries.values.map(\.connection) }

    /// One comes, and has asked nothing yet.
    mutating func enter(_ id: ObjectIdentifier, _ connection: Connection, at now: NIODeadline) -> Admission {
        var admission = Admission.admitted
        if entries.count >= room {
            let resting = entries.compactMap { id, entry in entry.restsSince.map { (id: id, since: $0) } }
            guard let longest = resting.min(by: { $0.since < $1.since }),
                let entry = entries.removeValue(forKey: longest.id)
            else { return .full }
            admission = .instead(entry.connection)
        }
        entries[id] = Entry(connection: connection, restsSince: now)
        return admission
    }

    /// One rests from now on, or works.
    mutating func rests(_ id: ObjectIdentifier, since: NIODeadline?) { entries[id]?.restsSince = since }

    /// One is closed.
    mutating func leave(_ id: ObjectIdentifier) { entries[id] = nil }
}
