import CSystemd
import Glibc

/// Tells the service manager how the service is, by sd_notify(3).
///
/// Outside a unit of `Type=notify` (no `$NOTIFY_SOCKET`) every call does nothing. Only ``ready(status:)`` can fail:
/// without it systemd would wait for its start timeout and then kill a healthy daemon, while a lost status line or a
/// lost ping has a next one.
package struct ServiceNotifier: Sendable {
    private let send: @Sendable (_ state: String) -> Int32

    /// Sends through libsystemd to `$NOTIFY_SOCKET`.
    package init() {
        self.init { sd_notify(0, $0) }
    }

    /// Sends through something else.
    ///
    /// - Parameter send: Takes the assignments, one a line, and answers as sd_notify(3) does: above zero when they were
    ///   sent, zero when there is nobody to send them to, a negative errno when that failed.
    package init(send: @escaping @Sendable (_ state: String) -> Int32) {
        self.send = send
    }

    /// `READY=1`: the service has started, or has finished reloading.
    ///
    /// - Throws: ``UndeliverableReady``, on which the daemon had better end: systemd would never call it started.
    package func ready(status line: String? = nil) throws(UndeliverableReady) {
        let answer = send(Self.state("READY=1", status: line))
        guard answer >= 0 else {
            throw UndeliverableReady(socket: environmentVariable("NOTIFY_SOCKET") ?? "", code: -answer)
        }
    }

    /// `STATUS=`: one line a person reads in `systemctl status`.
    package func status(_ line: String) {
        _ = send("STATUS=\(Self.statusText(line))")
    }

    /// `WATCHDOG=1`: the service is alive. ``Watchdog`` decides when this is true.
    func watchdogPing() {
        _ = send("WATCHDOG=1")
    }

    /// `STOPPING=1`: the service is ending.
    package func stopping(status line: String? = nil) {
        _ = send(Self.state("STOPPING=1", status: line))
    }

    /// `RELOADING=1` with `MONOTONIC_USEC=`: configuration is read again; ``ready(status:)`` ends it.
    ///
    /// Units of `Type=notify-reload` (systemd 253 and later) insist on the time, older ones ignore it.
    package func reloading(status line: String? = nil) {
        _ = send(Self.state("RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds())", status: line))
    }

    /// `EXTEND_TIMEOUT_USEC=`: the start, reload or stop under way needs this much time from now on.
    ///
    /// To be repeated before it has passed, for as long as the work lasts.
    package func extendTimeout(by time: Duration) {
        _ = send("EXTEND_TIMEOUT_USEC=\(time.wholeMicroseconds)")
    }

    /// `ERRNO=`: the service is failing with this error of the operating system.
    package func failed(errno code: Int32, status line: String? = nil) {
        _ = send(Self.state("ERRNO=\(code)", status: line))
    }

    private static func state(_ assignments: String, status line: String?) -> String {
        line.map { "\(assignments)\nSTATUS=\(statusText($0))" } ?? assignments
    }

    /// What is left of a status line once it can neither start an assignment of its own nor be thrown away whole.
    ///
    /// A newline would end the assignment and a NUL the message, so control characters become spaces. systemd ignores
    /// a message of more than 4096 bytes, so the text ends before that; between two characters, for `STATUS=` must be
    /// valid UTF-8.
    static func statusText(_ line: String) -> String {
        let most = 2048
        var text = String.UnicodeScalarView()
        var bytes = 0
        for scalar in line.unicodeScalars {
            let shown = scalar.properties.generalCategory.breaksLines ? " " : scalar
            bytes += UTF8.width(shown)
            guard bytes <= most else {
                text.append("…")
                break
            }
            text.append(shown)
        }
        return String(text)
    }
}

/// READY=1 did not reach the service manager.
package struct UndeliverableReady: Error, CustomStringConvertible {
    /// Where `$NOTIFY_SOCKET` says the manager listens.
    package let socket: String
    /// Why it did not get there: an errno.
    package let code: Int32

    /// The failure, what follows from it, and what to look at.
    package var description: String {
        """
        cannot tell the service manager that the service is ready: \(String(cString: strerror(code))) \
        (NOTIFY_SOCKET=\(socket)); it would be killed at its start timeout. The socket must be reachable from inside \
        the unit's sandbox (RootDirectory=, InaccessiblePaths=, RestrictAddressFamilies= without AF_UNIX)
        """
    }
}

extension Unicode.GeneralCategory {
    fileprivate var breaksLines: Bool {
        self == .control || self == .lineSeparator || self == .paragraphSeparator
    }
}

extension UTF8 {
    fileprivate static func width(_ scalar: Unicode.Scalar) -> Int { UTF8.encode(scalar)?.count ?? 0 }
}
