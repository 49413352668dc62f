import Foundation
import TestSupport
import Testing

/// Loops that stand still on purpose, each of them: named before systemd kills the process, and by the one that follows.
@Suite(.serialized)
struct SystemdWatchdogTests {
    private static func stands(_ name: String, as loop: String, _ host: SystemdHost, _ body: () async throws -> Void)
        async throws
    {
        try await host.write(
            "[Service]\nWatchdogSec=2s\nRestartSec=100ms\nEnvironment=STANDSTILL_OF=\(name)\n",
            to: "/etc/systemd/system/backfilld.service.d/standstill.conf")
        try await host.sh("systemctl daemon-reload && systemctl start backfilld")
        let first = try await host.property("MainPID")
        try await body()
        try await eventually("killed by the watchdog", polling: .milliseconds(200)) {
            try await host.property("MainPID") != first
        }
        // The next one stands still as well unless it is told not to.
        try await host.sh("rm /etc/systemd/system/backfilld.service.d/standstill.conf && systemctl daemon-reload")
        try await host.sh("systemctl restart backfilld")
        let said = try await host.journal().compactMap { $0["MESSAGE"] }
        #expect(said.contains { $0.hasPrefix("stuck: \(loop)") && $0.contains("has made no progress for") }, "\(said)")
        #expect(said.contains { $0.contains("Watchdog timeout") }, "\(said)")
        #expect(
            said.contains { $0.hasPrefix("the process before this one hung, and was killed: ") && $0.contains(loop) },
            "\(said)")
        try await host.place.allEmbedded()
        try await host.sh("systemctl stop backfilld")
        // ls fails, as it should.
        #expect(try await host.sh("ls /var/lib/backfilld/stuck 2>&1 || true").contains("No such file"))
    }

    @Test("The listener, a pipeline and the pool of threads are named, in journal and STATUS; nothing is lost")
    func loops() async throws {
        try await SystemdHost.with { host in
            try await Self.stands("listener", as: "listener", host) {
                try await host.place.insert(1...3)
                try await eventually("STATUS names it", polling: .milliseconds(100)) {
                    try await host.property("StatusText").hasPrefix("stuck: listener has made no progress for ")
                }
            }
            try await Self.stands("pipeline", as: "pipeline public.music_knowledge", host) {
                try await host.place.insert(11...13)
            }
            try await Self.stands("executor", as: "executor", host) {}
        }
    }

    @Test("A lane of the encoder is named")
    func lanes() async throws {
        try await SystemdHost.with { host in
            try await host.useModel()
            try await Self.stands("encoder", as: "encoder lane ", host) { try await host.place.insert(1...3) }
        }
    }
}
