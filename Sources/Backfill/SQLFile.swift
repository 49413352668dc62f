/// The statements in SQL/, one a file, with their `{placeholders}`.
enum SQLFile {
    static let batchRead = String(decoding: PackageResources.batch_read_sql, as: UTF8.self)
    static let batchWrite = String(decoding: PackageResources.batch_write_sql, as: UTF8.self)
    static let batchUnwritten = String(decoding: PackageResources.batch_unwritten_sql, as: UTF8.self)
    static let batchLock = String(decoding: PackageResources.batch_lock_sql, as: UTF8.self)
    static let batchClear = String(decoding: PackageResources.batch_clear_sql, as: UTF8.self)
    static let submitLook = String(decoding: PackageResources.submit_look_sql, as: UTF8.self)
    static let submitClear = String(decoding: PackageResources.submit_clear_sql, as: UTF8.self)
    static let scanBacklog = String(decoding: PackageResources.scan_backlog_sql, as: UTF8.self)
    static let probePending = String(decoding: PackageResources.probe_pending_sql, as: UTF8.self)
    static let activityAdopt = String(decoding: PackageResources.activity_adopt_sql, as: UTF8.self)
    static let activityNote = String(decoding: PackageResources.activity_note_sql, as: UTF8.self)
    static let statusTable = String(decoding: PackageResources.status_table_sql, as: UTF8.self)
    static let statusEstimate = String(decoding: PackageResources.status_estimate_sql, as: UTF8.self)
    static let statusDaemons = String(decoding: PackageResources.status_daemons_sql, as: UTF8.self)
    static let waitPending = String(decoding: PackageResources.wait_pending_sql, as: UTF8.self)
    static let explainRow = String(decoding: PackageResources.explain_row_sql, as: UTF8.self)
    static let previewRows = String(decoding: PackageResources.preview_rows_sql, as: UTF8.self)
    static let backlogTexts = String(decoding: PackageResources.backlog_texts_sql, as: UTF8.self)
    static let countBacklog = String(decoding: PackageResources.count_backlog_sql, as: UTF8.self)
    static let checkAccess = String(decoding: PackageResources.check_access_sql, as: UTF8.self)
    static let checkServer = String(decoding: PackageResources.check_server_sql, as: UTF8.self)
    static let reembedLock = String(decoding: PackageResources.reembed_lock_sql, as: UTF8.self)
    static let reembedFailed = String(decoding: PackageResources.reembed_failed_sql, as: UTF8.self)
    static let waitBacklog = String(decoding: PackageResources.wait_backlog_sql, as: UTF8.self)
    static let ledgerCharge = String(decoding: PackageResources.ledger_charge_sql, as: UTF8.self)
    static let ledgerStanding = String(decoding: PackageResources.ledger_standing_sql, as: UTF8.self)
    static let ledgerEntries = String(decoding: PackageResources.ledger_entries_sql, as: UTF8.self)
    static let ledgerPurge = String(decoding: PackageResources.ledger_purge_sql, as: UTF8.self)
    static let ledgerForget = String(decoding: PackageResources.ledger_forget_sql, as: UTF8.self)
    static let ledgerForgive = String(decoding: PackageResources.ledger_forgive_sql, as: UTF8.self)
    static let ledgerPause = String(decoding: PackageResources.ledger_pause_sql, as: UTF8.self)
    static let ledgerPaused = String(decoding: PackageResources.ledger_paused_sql, as: UTF8.self)
    static let claimHolder = String(decoding: PackageResources.claim_holder_sql, as: UTF8.self)
    static let walkRead = String(decoding: PackageResources.walk_read_sql, as: UTF8.self)
    static let walkWrite = String(decoding: PackageResources.walk_write_sql, as: UTF8.self)
    static let walkCount = String(decoding: PackageResources.walk_count_sql, as: UTF8.self)
    static let claimLock = String(decoding: PackageResources.claim_lock_sql, as: UTF8.self)
    static let claimMend = String(decoding: PackageResources.claim_mend_sql, as: UTF8.self)
    static let claimUnlock = String(decoding: PackageResources.claim_unlock_sql, as: UTF8.self)
    static let claimRoom = String(decoding: PackageResources.claim_room_sql, as: UTF8.self)
    static let claimPresence = String(decoding: PackageResources.claim_presence_sql, as: UTF8.self)
    static let sessionProcess = String(decoding: PackageResources.session_process_sql, as: UTF8.self)
    static let sessionEvict = String(decoding: PackageResources.session_evict_sql, as: UTF8.self)
    static let advisoryLock = String(decoding: PackageResources.advisory_lock_sql, as: UTF8.self)
    static let advisoryTry = String(decoding: PackageResources.advisory_try_sql, as: UTF8.self)
    static let advisoryMine = String(decoding: PackageResources.advisory_mine_sql, as: UTF8.self)
    static let advisoryUnlock = String(decoding: PackageResources.advisory_unlock_sql, as: UTF8.self)
    static let listenerHeartbeat = String(decoding: PackageResources.listener_heartbeat_sql, as: UTF8.self)
    static let leaseTake = String(decoding: PackageResources.lease_take_sql, as: UTF8.self)
    static let leaseRelease = String(decoding: PackageResources.lease_release_sql, as: UTF8.self)
    static let sessionPins = String(decoding: PackageResources.session_pins_sql, as: UTF8.self)

    /// Puts fragments of SQL, quoted already, in the place of `{name}`.
    static func fill(_ sql: String, _ fragments: [String: String]) -> String {
        var result = ""
        var rest = sql[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let name = String(rest[rest.index(after: open)..<close])
            guard let fragment = fragments[name] else { preconditionFailure("no fragment \(name)") }
            result += rest[..<open] + fragment
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }
}
