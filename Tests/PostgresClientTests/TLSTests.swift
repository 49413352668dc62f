import Foundation
import PostgresClient
import TestSupport
import Testing

@Suite struct TLSTests {
    @Test("verify-full wants the right authority and the right name")
    func verifyFull() async throws {
        // The one with pgvector is built without TLS.
        let (ours, other) = (try await TestAuthority(), try await TestAuthority())
        try await PostgresServer.with(.debian) { server in
            let path = server.dataDirectory + "/test"
            try await ours.issue(for: "db.test", at: path)
            // The server wants its key to be its own and nobody else's.
            let owner = try FileManager.default.attributesOfItem(atPath: server.dataDirectory)[.ownerAccountID] ?? 0
            for end in [".key", ".crt"] {
                try FileManager.default.setAttributes(
                    [.ownerAccountID: owner, .posixPermissions: 0o600], ofItemAtPath: path + end)
            }
            try await server.restart(settings: ["ssl": "on", "ssl_cert_file": "test.crt", "ssl_key_file": "test.key"])
            func connect(_ host: String, _ authority: TestAuthority, mode: String = "verify-full") async throws
                -> PostgresConnection
            {
                try await PostgresConnection.connect(
                    ConnectionOptions(
                        conninfo: server.conninfo(over: .tcp),
                        parameters: [
                            "host": host, "hostaddr": "127.0.0.1", "sslmode": mode,
                            "sslrootcert": authority.certificate,
                        ]))
            }
            let isEncrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            let connection = try await connect("db.test", ours)
            #expect(try await connection.value(isEncrypted))
            // More than one TLS record each way, read and written without blocking; and a cancel request.
            let text = String(repeating: "0123456789abcdef", count: 1 << 18)
            #expect(try await connection.value("SELECT $1", .text(text)) == text)
            let late = await postgresError {
                try await connection.execute(Statement("sleep", "SELECT pg_sleep(60)"), deadline: .milliseconds(50))
            }
            #expect(late?.code == .deadlineExceeded)
            #expect(try await connection.value(isEncrypted))
            for (host, authority, mode) in [
                ("db.test", other, "verify-full"), ("wrong.test", ours, "verify-full"), ("db.test", other, "verify-ca"),
            ] {
                let error = await postgresError { _ = try await connect(host, authority, mode: mode) }
                #expect(error?.code == .connectionFailed && error?.sqlState == nil, "\(host) \(mode)")
            }
            #expect(try await connect("wrong.test", ours, mode: "verify-ca").value(isEncrypted))
            #expect(try await !connect("wrong.test", other, mode: "disable").value(isEncrypted))
        }
    }
}
