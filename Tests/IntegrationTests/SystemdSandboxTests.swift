import Foundation
import TestSupport
import Testing

/// What the shipped unit's sandbox keeps a process from that is no longer the program we wrote.
@Suite(.serialized)
struct SystemdSandboxTests {
    /// Each is tried by a shell in the place of the daemon, and must fail there, while root can do it outside. None does
    /// harm where it can be done: the machine's clock is everybody's.
    private static let forbidden: [(name: String, command: String)] = [
        ("write a program", "echo x >/usr/bin/evil"),
        ("write the configuration", "echo x >>/etc/backfilld/backfilld.toml"),
        ("write a unit", "echo x >/etc/systemd/system/evil.service"),
        ("look into a home", "ls /root/. /home/."),
        ("read a stranger's secret", "cat /etc/shadow"),
        ("read the secret's file itself", "cat \(SystemdHost.credential("database-password"))"),
        ("see other processes", "test -d /proc/1"),
        ("read kernel messages", "dmesg"),
        ("mount", "mount -t tmpfs none /tmp"),
        ("make namespaces", "unshare -U true"),
        ("become root", "python3 -c 'import os; os.setuid(0)'"),
        ("set the time", "date -s @$(date +%s)"),
        ("set the machine's name", "hostname evil"),
        ("open a packet socket", "python3 -c 'import socket; socket.socket(17, 3, 0)'"),
        ("open a netlink socket", "python3 -c 'import socket; socket.socket(16, 3, 0)'"),
        ("trace", "python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).ptrace(0, 0, 0, 0) != 0)'"),
        ("make a set-user-id file", "cp /bin/true $STATE_DIRECTORY/x && chmod u+s $STATE_DIRECTORY/x"),
        ("dump core", "test \"$(ulimit -Hc)\" != 0"),
        (
            "take a real-time priority",
            "python3 -c 'import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))'"
        ),
    ]

    /// And these must work, or the daemon would not.
    private static let allowed: [(name: String, command: String)] = [
        ("read the configuration", "cat /etc/backfilld/backfilld.toml"),
        ("read its credential", "cat $CREDENTIALS_DIRECTORY/database-password"),
        ("write its state", "echo x >$STATE_DIRECTORY/note && cat $STATE_DIRECTORY/note"),
        ("write a temporary file", "echo x >/tmp/note"),
        ("see itself", "test -d /proc/self"),
    ]

    @Test("Inside the unit's own sandbox nothing works that a daemon has no business with, and all works that it needs")
    func sandbox() async throws {
        try await SystemdHost.with { host in
            var script = "#!/bin/bash\n: ${STATE_DIRECTORY:=/tmp}\n"
            for (index, attempt) in (Self.forbidden + Self.allowed).enumerated() {
                script +=
                    "if ( \(attempt.command) ) >/dev/null 2>&1; then echo \"\(index) yes\"; else echo \"\(index) no\"; fi\n"
            }
            try await host.write(script, to: "/usr/bin/try-everything")
            try await host.sh("chmod 755 /usr/bin/try-everything")
            try await host.write(
                """
                [Service]
                Type=oneshot
                ExecStart=
                ExecStart=/usr/bin/try-everything
                Restart=no
                SyslogIdentifier=sandbox
                """, to: "/etc/systemd/system/backfilld.service.d/sandbox.conf")
            let outside = try await host.sh("/usr/bin/try-everything").split(separator: "\n").map(String.init)
            // A machine may itself be a container that is forbidden one or the other; what is left must be worth a test.
            let provable = Self.forbidden.indices.filter { outside.contains("\($0) yes") }
            #expect(provable.count >= 12, "\(outside)")
            // What root has just made there.
            try await host.sh("rm -f /usr/bin/evil /etc/systemd/system/evil.service /tmp/x")
            try await host.write(SystemdHost.configuration(), to: "/etc/backfilld/backfilld.toml")
            try await host.sh("systemctl daemon-reload && systemctl start backfilld")
            let said = try await host.sh("journalctl -t sandbox -o cat").split(separator: "\n").map(String.init)
            for (index, attempt) in Self.forbidden.enumerated() {
                #expect(said.contains("\(index) no"), "may \(attempt.name): \(attempt.command)")
            }
            for (index, attempt) in Self.allowed.enumerated() {
                #expect(said.contains("\(index + Self.forbidden.count) yes"), "may not \(attempt.name)")
            }
        }
    }
}
