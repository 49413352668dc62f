import Foundation
import TestSupport
import Testing

/// The shipped unit with the local encoder: what it compiles and reads at run time is allowed there.
@Suite(.serialized) struct SystemdModelTests {
    @Test("It finds the model in its state folder, compiles its kernels, and embeds")
    func embeds() async throws {
        try await SystemdHost.with { host in
            try await host.useModel()
            try await host.place.insert(1...200)
            try await host.sh("systemctl start backfilld")
            try await host.place.allEmbedded()
            let said = try await host.journal()
            let loaded = try #require(
                said.first { $0["MESSAGE"]?.hasPrefix("model all-MiniLM-L6-v2 (384 dimensions, ") == true }, "\(said)")
            #expect(loaded["MESSAGE"]?.contains(" loaded in ") == true)
            // systemd tells of the folder that was there before the service, in the name of the service.
            let strangers = said.filter {
                $0["SYSLOG_IDENTIFIER"] != "backfilld" && $0["_EXE"]?.hasSuffix("/systemd/systemd") != true
            }
            #expect(strangers.isEmpty, "\(strangers)")

            // Replaced while it runs, for it to find at its next start; and a single processor is a single lane.
            try await host.sh("/usr/bin/backfilld model add \(TestModel.miniLM) --force")
            try await host.write(
                "[Service]\nCPUAffinity=0\n", to: "/etc/systemd/system/backfilld.service.d/processor.conf")
            try await host.sh("systemctl daemon-reload && systemctl restart backfilld")
            try await host.place.insert(201...210)
            try await host.place.allEmbedded()
            let again = try await host.sh("journalctl -u backfilld -o cat")
            #expect(again.contains(", 1 lane) loaded in "), "\(again)")
            try await host.sh("systemctl stop backfilld")
            #expect(try await host.property("Result") == "success")
        }
    }
}

extension SystemdHost {
    /// Sets everything up for the local encoder with the default model.
    func useModel() async throws {
        // As root before the first start, as an administrator would.
        try await sh("/usr/bin/backfilld model add \(TestModel.miniLM)")
        try await write(
            "[local]\nmodel = \"all-MiniLM-L6-v2\"\n[listen]\nheartbeat = \"1s\"\n",
            to: "/etc/backfilld/backfilld.toml")
        let environment = ["BACKFILLD_EMBEDDER": "", "BACKFILLD_LOCAL_MODEL": TestModel.miniLM]
        try await place.run("setup", "--remove", environment: environment).expect(.code(0))
        try await place.database.psql("ALTER TABLE music_knowledge ALTER COLUMN embedding TYPE vector(384)")
        try await place.run("setup", "--role", role, environment: environment).expect(.code(0))
    }
}
