import Foundation
import TestSupport
import Testing

/// The service beside a database that comes, goes and comes back, under a real systemd.
@Suite(.serialized)
struct SystemdLifeTests {
    /// Waits until so much time has gone by since `begin`: what a limit would have ended is ended by then.
    private static func passed(_ time: Duration, since begin: ContinuousClock.Instant) async throws {
        try await eventually("\(time) gone by", polling: .milliseconds(200)) { .now - begin > time }
    }

    @Test("A start waits for its database beyond the unit's own limit, says what it waits for, and then works")
    func startsFirst() async throws {
        try await SystemdHost.with(dropIn: "TimeoutStartSec=3s") { host in
            let server = host.place.database.server
            try await server.stop()
            let begin = ContinuousClock.now
            try await host.sh("systemctl start --no-block backfilld")
            try await eventually("the status says so", polling: .milliseconds(200)) {
                try await host.property("StatusText").contains("waiting for the database since ")
            }
            try await Self.passed(.seconds(6), since: begin)
            #expect(try await host.property("ActiveState") == "activating")
            try await server.start()
            try await host.place.insert(1...3)
            try await host.place.allEmbedded()
            try await eventually("active") { try await host.property("ActiveState") == "active" }
            #expect(try await host.property("NRestarts") == "0")
            try await host.sh("systemctl stop backfilld")
        }
    }

    @Test("A database away for longer than WatchdogSec kills nobody: degraded, with the time, and well again")
    func databaseGoes() async throws {
        try await SystemdHost.with(dropIn: "WatchdogSec=2s") { host in
            try await host.sh("systemctl start backfilld")
            let main = try await host.property("MainPID")
            try await host.place.database.server.stop()
            let begin = ContinuousClock.now
            try await eventually("degraded", polling: .milliseconds(200)) {
                try await host.property("StatusText").contains("degraded: database away since ")
            }
            try await Self.passed(.seconds(6), since: begin)
            #expect(try await host.property("ActiveState") == "active")
            try await host.place.database.server.start()
            try await host.place.insert(1...3)
            try await host.place.allEmbedded()
            try await eventually("well again", polling: .milliseconds(200)) {
                try await host.property("StatusText").contains("listening on public.music_knowledge")
            }
            #expect(try await host.property("MainPID") == main)
            #expect(try await host.property("NRestarts") == "0")
            let said = try await host.sh("journalctl -u backfilld -o cat")
            #expect(said.contains("listening again after "), "\(said)")
            try await host.sh("systemctl stop backfilld")
        }
    }

    @Test("A stop in the middle of a batch that takes too long ends within its limit, and loses nothing")
    func stopped() async throws {
        try await SystemdHost.with { host in
            try await host.write(
                SystemdHost.configuration("[service]\ndrain = \"1s\"\n"), to: "/etc/backfilld/backfilld.toml")
            try await host.place.database.psql(
                """
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                    $$BEGIN PERFORM pg_sleep(60); RETURN new; END$$;
                CREATE TRIGGER slow BEFORE UPDATE OF embedding ON music_knowledge FOR EACH ROW EXECUTE FUNCTION slow()
                """)
            try await host.sh("systemctl start backfilld")
            try await host.place.insert(1...3)
            try await eventually("a batch being written", polling: .milliseconds(50)) {
                try await host.place.database.psql(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "0"
            }
            try await host.sh("systemctl stop backfilld")
            // Killed at the end of TimeoutStopSec it would be "timeout".
            #expect(try await host.property("Result") == "success")
            #expect(try await host.place.pending() == 3)
            try await host.place.database.psql("DROP TRIGGER slow ON music_knowledge")
            try await host.sh("systemctl start backfilld")
            try await host.place.allEmbedded()
        }
    }

    @Test("A password encrypted for this machine is read as one that is not")
    func encrypted() async throws {
        try await SystemdHost.with { host in
            try await host.sh(
                """
                set -e
                mkdir -p /etc/credstore.encrypted
                systemd-creds encrypt --name=database-password \(SystemdHost.credential("database-password")) \
                    /etc/credstore.encrypted/backfilld.database-password 2>/dev/null
                rm \(SystemdHost.credential("database-password"))
                """)
            try await host.write(
                "[Service]\nLoadCredentialEncrypted=database-password:backfilld.database-password\n",
                to: "/etc/systemd/system/backfilld.service.d/encrypted.conf")
            try await host.sh("systemctl daemon-reload && systemctl start backfilld")
            try await host.place.insert(1...3)
            try await host.place.allEmbedded()
            try await host.sh("systemctl stop backfilld")
            #expect(!(try await host.sh("journalctl -o export --all")).contains(SystemdHost.password))
        }
    }

    @Test("Instances of the template fill their databases side by side, each with its own settings and secrets")
    func instances() async throws {
        try await SystemdHost.with { host in
            let second = try await Workplace.make(on: host.place.database.server)
            try await second.run("setup", "--role", host.role).expect(.code(0))
            let places = ["music": host.place, "books": second]
            for (name, place) in places {
                try await host.write(SystemdHost.configuration(), to: "/etc/backfilld/\(name).toml")
                let address = host.address(port: place.database.server.port)
                    .replacingOccurrences(of: "/\(host.place.database.name)\n", with: "/\(place.database.name)\n")
                try await host.write(address, to: SystemdHost.credential("\(name).database-url"))
                try await host.write(SystemdHost.password, to: SystemdHost.credential("\(name).database-password"))
            }
            try await host.sh("systemctl start backfilld@music backfilld@books")
            for (name, place) in places {
                try await place.insert(1...5)
                try await place.allEmbedded()
                #expect(try await host.property("ActiveState", of: "backfilld@\(name)") == "active")
            }
            try await host.sh("systemctl stop backfilld@music")
            try await second.insert(6...7)
            try await second.allEmbedded()
            try await host.sh("systemctl stop backfilld@books")
        }
    }

    @Test("systemd finds nothing to say against the units, and scores them as it should")
    func verified() async throws {
        try await SystemdHost.with { host in
            let units = "/etc/systemd/system/backfilld.service /etc/systemd/system/backfilld@.service"
            // Silent where all is well; the manual is in the package.
            let words = try await host.sh("systemd-analyze verify --man=no \(units) 2>&1")
            #expect(words == "")
            func exposure() async throws -> Double {
                let line = try await host.sh("systemd-analyze security --no-pager backfilld.service | tail -n 1")
                return try #require(line.split(separator: " ").compactMap { Double($0) }.first, "\(line)")
            }
            #expect(try await exposure() <= 1.2)
            let dropIn = try String(
                contentsOfFile: "\(repositoryRoot)/systemd/examples/remote-embedder.conf", encoding: .utf8)
            try await host.write(dropIn, to: "/etc/systemd/system/backfilld.service.d/remote-embedder.conf")
            try await host.sh("systemctl daemon-reload")
            #expect(try await exposure() <= 1.0)
            // It works with it, too: the hash embedder makes no code at run time, and the database is on this machine.
            try await host.sh("systemctl start backfilld")
            try await host.place.insert(1...3)
            try await host.place.allEmbedded()
            try await host.sh("systemctl stop backfilld")
        }
    }
}
