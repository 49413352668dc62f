import Foundation
import PostgresClient
import TestSupport
import Testing

@Suite struct ConnectTests {
    @Test("A URI, keywords and values, and parameters over both", arguments: PostgresServer.Flavour.allCases)
    func forms(_ flavour: PostgresServer.Flavour) async throws {
        let server = try await PostgresServer.shared(flavour)
        let database = try await server.createDatabase()
        let name = "SELECT current_database() || ' ' || current_setting('application_name')"
        let uri = "postgresql://postgres@127.0.0.1:\(server.port)/\(database.name)"
        for (conninfo, parameters, expected) in [
            (database.conninfo, [:], "\(database.name) backfilld"), (uri, [:], "\(database.name) backfilld"),
            ("\(uri)?application_name=mine", [:], "\(database.name) mine"),
            ("\(uri)?application_name=mine", ["dbname": "postgres", "application_name": "theirs"], "postgres theirs"),
        ] {
            let connection = try await PostgresConnection.connect(
                ConnectionOptions(conninfo: conninfo, parameters: parameters))
            #expect(try await connection.value(name) == expected)
            #expect(
                await connection.serverVersion / 10_000
                    == (flavour == .pg18WithPgvector
                        ? 18 : try await connection.value("SELECT current_setting('server_version_num')::int / 10000")))
            #expect(try await connection.value("SELECT pg_backend_pid()") == Int(await connection.backendPID))
        }
        var options = ConnectionOptions(parameters: [
            "host": "127.0.0.1", "port": "\(server.port)", "user": "postgres", "dbname": database.name,
        ])
        options.applicationName = "named"
        options.fallbacks = ["dbname": "nowhere", "options": "-c work_mem=7MB"]
        let connection = try await PostgresConnection.connect(options)
        #expect(try await connection.value(name) == "\(database.name) named")
        #expect(try await connection.value("SHOW work_mem") == "7MB")
    }

    @Test("PG* variables, a service file and a password file say what nobody else does")
    func environment() async throws {
        let rules = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        try await PostgresServer.with(.debian, authentication: rules) { server in
            try await server.psql("CREATE ROLE singer LOGIN PASSWORD 'la:la\\'")
            let folder = try temporaryFolder()
            let port = server.port
            try "[choir]\nhost=127.0.0.1\nport=\(port)\ndbname=postgres\nuser=singer\nconnect_timeout=7\n"
                .write(toFile: folder + "/services", atomically: true, encoding: .utf8)
            try "127.0.0.1:\(port):*:singer:la\\:la\\\\\n".write(
                toFile: folder + "/passwords", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder + "/passwords")
            // In processes of their own: the environment belongs to the whole process.
            await #expect(processExitsWith: .success) { [folder = folder as String, port = port as Int] in
                setenv("PGHOST", "127.0.0.1", 1)
                setenv("PGPORT", "\(port)", 1)
                setenv("PGUSER", "singer", 1)
                setenv("PGDATABASE", "postgres", 1)
                setenv("PGPASSFILE", folder + "/passwords", 1)
                setenv("PGAPPNAME", "from the environment", 1)
                let connection = try await PostgresConnection.connect(ConnectionOptions())
                #expect(try await connection.value("SELECT current_user::text") == "singer")
                #expect(try await connection.value("SHOW application_name") == "from the environment")
            }
            await #expect(processExitsWith: .success) { [folder = folder as String] in
                setenv("PGSERVICEFILE", folder + "/services", 1)
                let passfile = ["passfile": folder + "/passwords"]
                let connection = try await PostgresConnection.connect(
                    ConnectionOptions(conninfo: "service=choir", parameters: passfile))
                #expect(try await connection.value("SELECT current_user::text") == "singer")
                setenv("PGSERVICE", "choir", 1)
                let other = try await PostgresConnection.connect(ConnectionOptions(parameters: passfile))
                #expect(try await other.value("SELECT current_user::text") == "singer")
                let missing = await postgresError {
                    _ = try await PostgresConnection.connect(ConnectionOptions(conninfo: "service=orchestra"))
                }
                #expect(missing?.code == .connectionFailed)
            }
        }
    }

    @Test("A wrong password, a missing role's and a right one, over SCRAM", arguments: PostgresServer.Flavour.allCases)
    func scram(_ flavour: PostgresServer.Flavour) async throws {
        let rules = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        try await PostgresServer.with(flavour, authentication: rules) { server in
            try await server.psql("CREATE ROLE singer LOGIN PASSWORD 'hunter2 ü'")
            func connect(_ password: String?) async throws -> PostgresConnection {
                var options = ConnectionOptions(conninfo: server.conninfo(user: "singer", over: .tcp))
                options.parameters["password"] = password
                return try await PostgresConnection.connect(options)
            }
            #expect(try await connect("hunter2 ü").value("SELECT current_user::text") == "singer")
            let wrong = await postgresError { _ = try await connect("hunter3") }
            #expect(wrong?.code == .connectionFailed && wrong?.sqlState == "28P01" && wrong?.severity == "FATAL")
            #expect(wrong.map { String(reflecting: $0) }?.contains("hunter") == false)
            #expect(await postgresError { _ = try await connect(nil) }?.code == .connectionFailed)
        }
    }

    @Test(
        "What is missing has its SQLSTATE; a server that is not there is refused",
        arguments: PostgresServer.Flavour.allCases)
    func missing(_ flavour: PostgresServer.Flavour) async throws {
        let server = try await PostgresServer.shared(flavour)
        for transport in [PostgresServer.Transport.tcp, .unixSocket] {
            let missing = await postgresError {
                _ = try await PostgresConnection.connect(
                    ConnectionOptions(conninfo: server.conninfo(database: "no such", over: transport)))
            }
            #expect(missing?.code == .connectionFailed && missing?.sqlState == "3D000")
            #expect(missing?.message.contains("no such") == true)
        }
        let nobody = try TCPProxy(to: server.port)
        try await nobody.refuseConnections()
        let refused = await postgresError {
            _ = try await PostgresConnection.connect(ConnectionOptions(conninfo: server.conninfo(port: nobody.port)))
        }
        #expect(refused?.code == .connectionFailed && refused?.sqlState == nil)
        #expect(refused?.message.contains("refused") == true)
    }

    @Test(
        "A connection string that does not parse is never quoted",
        arguments: [
            "host=x password=hunter2 nonsense", "postgresql://user:hunter2@host:5432:1/x?y", "password='hunter2",
            "hunter2=1",
            "postgresql://u:hunter2%zz@h/d", "postgresql://u:p@h/d?hunter2=hunter2",
        ])
    func unparsable(conninfo: String) async throws {
        let error = await postgresError {
            _ = try await PostgresConnection.connect(ConnectionOptions(conninfo: conninfo))
        }
        #expect(error?.code == .misuse)
        #expect(error.map { String(reflecting: $0) + "\($0)" }?.contains("hunter2") == false)
    }

    @Test("Of several hosts the first that answers and fits is taken")
    func hosts() async throws {
        let server = try await PostgresServer.shared(.debian)
        let nobody = try TCPProxy(to: server.port)
        try await nobody.refuseConnections()
        let uri = "postgresql://postgres@127.0.0.1:\(nobody.port),127.0.0.1:\(server.port)/postgres"
        for attributes in ["any", "read-write", "primary", "prefer-standby"] {
            let connection = try await PostgresConnection.connect(
                ConnectionOptions(conninfo: "\(uri)?target_session_attrs=\(attributes)"))
            #expect(try await connection.value("SELECT 5") == 5)
        }
        for attributes in ["standby", "read-only"] {
            let error = await postgresError {
                _ = try await PostgresConnection.connect(
                    ConnectionOptions(conninfo: "\(uri)?target_session_attrs=\(attributes)"))
            }
            #expect(error?.code == .connectionFailed)
        }
    }
}
