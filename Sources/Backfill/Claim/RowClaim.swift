import PostgresClient

/// A session that holds the claim of a row, as a rule a daemon's.
package struct RowClaim: Sendable, Hashable, Encodable, CustomStringConvertible {
    /// The machine that the daemon runs on; nil where it is none, or one that fills another table.
    package let host: String?
    /// Its process there.
    package let pid: Int?
    /// The server process of the session.
    let backend: Int?
    /// What the session says of itself, its `application_name`.
    package let application: String?
    /// Whether the session is a daemon's.
    package let isDaemon: Bool
    /// For how long the session has asked nothing: a daemon's asks with each heartbeat. nil where this role may not know.
    package let silentForSeconds: Double?

    /// `host, process 12`, or `server process 4711 (psql), which is no daemon's`.
    package var description: String {
        if let host, let pid { return "\(host), process \(pid)" }
        let name = application.flatMap { $0.isEmpty ? nil : " (\($0))" } ?? ""
        return "server process \(backend ?? 0)\(name)\(isDaemon ? "" : ", which is no daemon's")"
    }

    /// What it does, and what ends it.
    package var obstruction: String {
        guard isDaemon else {
            return
                "\(self) has taken an advisory lock of backfilld's. They wait until that session gives it back or ends"
        }
        return
            "they are claimed by \(self), a daemon that has said nothing for \(Int(silentForSeconds ?? 0)) s; resume or "
            + "end it"
    }

    /// Whether it is a daemon that has let several of its heartbeats go by, as one that was stopped does.
    func isSilent(for heartbeat: Duration) -> Bool {
        isDaemon && (silentForSeconds ?? 0) > 3 * heartbeat.inSeconds
    }

    /// The sessions that hold the claim of the bucket that a row is in, one or none as a rule.
    ///
    /// - Throws: ``PostgresError``; `CancellationError`.
    static func holders(
        of key: RowKey, in table: WatchedTable, on connection: PostgresConnection
    ) async throws -> [RowClaim] {
        let half = UInt32(bitPattern: Claims.lock(of: key, table.watch))
        let rows = try await connection.execute(
            Statement(
                "claim of a row of \(table.displayName)", SQLFile.claimHolder,
                [
                    .int4(table.watch), .int8(Int64(AdvisoryLock.claim)), .int8(Int64(half)),
                    .int8(Int64(AdvisoryLock.presence)),
                ]))
        return try rows.map {
            RowClaim(
                host: try $0.decode("host"), pid: try $0.decode("pid"), backend: try $0.decode("backend"),
                application: try $0.decode("application"), isDaemon: try $0.decode("is_daemon"),
                silentForSeconds: try $0.decode("silent_for"))
        }
    }
}
