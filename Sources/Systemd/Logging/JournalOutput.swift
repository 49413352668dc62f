import Glibc
import Logging
import Synchronization

/// Structured entries for systemd-journald, over its native socket.
///
/// sd_journal_sendv(3) would do the same and wait for ever when journald hangs or its queue is full (ten datagrams by
/// the kernel's default). Here the first entry that finds it full waits for a moment, for a journal that is only busy;
/// after that entries are dropped and counted until one gets through again, and the journal is told how many. Logging
/// never stops the daemon.
final class JournalOutput: LogOutput {
    private let socket: JournalSocket
    private let identifier: String
    private let lost = Mutex(Loss())

    private struct Loss {
        var entries = 0
        var code: Int32 = 0
    }

    /// Values longer than this are cut in an entry that is too large for the socket.
    private static let shortened = 4096

    /// Writes to a journal's socket.
    ///
    /// - Parameters:
    ///   - socket: The socket.
    ///   - identifier: `SYSLOG_IDENTIFIER=`, and in capitals the prefix of our own fields.
    init(socket: JournalSocket, identifier: String) {
        self.socket = socket
        self.identifier = identifier
    }

    /// Sends one entry, or counts it as lost.
    func write(_ entry: LogEntry) {
        let earlier = takeLoss()
        if earlier.entries > 0 {
            let code = socket.send(journalDatagram(lossFields(earlier)), patiently: false)
            guard code == 0 else { return lose(earlier.entries + 1, code) }
        }
        let code = send(journalFields(entry, identifier: identifier), patiently: earlier.code == 0)
        if code == 0 { lost.withLock { if $0.entries == 0 { $0.code = 0 } } } else { lose(1, code) }
    }

    /// What is to be told, for one of the threads that log to tell it. The errno stays until an entry gets through.
    private func takeLoss() -> Loss {
        lost.withLock {
            let loss = $0
            $0.entries = 0
            return loss
        }
    }

    private func lose(_ entries: Int, _ code: Int32) {
        lost.withLock {
            $0.entries += entries
            $0.code = code
        }
    }

    private func send(_ fields: [JournalField], patiently: Bool) -> Int32 {
        let code = socket.send(journalDatagram(fields), patiently: patiently)
        guard code == EMSGSIZE else { return code }
        let cut = fields.map { field in
            var field = field
            if field.value.count > Self.shortened { field.value = Array(field.value.prefix(Self.shortened)) + "…".utf8 }
            return field
        }
        return socket.send(journalDatagram(cut), patiently: patiently)
    }

    private func lossFields(_ loss: Loss) -> [JournalField] {
        journalFields(.loss(loss.entries, because: String(cString: strerror(loss.code))), identifier: identifier)
    }
}
