import PostgresClient
import TestSupport
import Testing

@Suite struct LostConnectionTests {
    private let sleep = Statement("sleep", "SELECT pg_sleep(60)")

    @Test("Notifications come in order, whatever is in them", arguments: PostgresServer.Flavour.allCases)
    func notifications(_ flavour: PostgresServer.Flavour) async throws {
        let database = try await database(flavour)
        let listener = try await database.connect()
        let sender = try await database.connect()
        try await listener.script("LISTEN \"Odd Channel\"", name: "listen")
        let payloads = ["", "é🎛", "it's"] + (0..<500).map(String.init)
        for payload in payloads {
            try await sender.execute(
                Statement("notify", "SELECT pg_notify('Odd Channel', $1)", [.text(payload)], prepared: true))
        }
        let heard = try await withDeadline(patience) {
            var heard: [PostgresNotification] = []
            for await notification in listener.notifications {
                heard.append(notification)
                if heard.count == payloads.count { break }
            }
            return heard
        }
        #expect(heard.map(\.payload) == payloads)
        #expect(heard.allSatisfy { $0.channel == "Odd Channel" })
    }

    @Test("A notification that arrives with an answer is not kept back until the next one", arguments: [false, true])
    func ownNotification(isPipeline: Bool) async throws {
        let connection = try await database(.debian).connect()
        try await connection.script("LISTEN c", name: "listen")
        let notify = Statement("notify", "SELECT pg_notify('c', 'x')", prepared: isPipeline)
        try await connection.pipeline(
            isPipeline ? [Statement("one", "SELECT 1"), notify, Statement("two", "SELECT 2")] : [notify])
        let payload = try await withDeadline(.seconds(60), "our own notification") {
            for await notification in connection.notifications { return notification.payload }
            return "ended"
        }
        #expect(payload == "x")
    }

    @Test("A terminated session ends its calls and its notifications", arguments: PostgresServer.Flavour.allCases)
    func terminated(_ flavour: PostgresServer.Flavour) async throws {
        let database = try await database(flavour)
        let connection = try await database.connect()
        let observer = try await database.connect()
        let pid = await connection.backendPID
        let call = Task { try await connection.execute(sleep) }
        let waiting = Task { try await connection.value("SELECT 1", as: Int.self) }
        try await eventually("the statement runs") { try await observer.isRunning(pid) }
        #expect(try await observer.value("SELECT pg_terminate_backend($1)", .int4(pid)))
        let error = await postgresError { _ = try await withDeadline(patience) { try await call.value } }
        #expect(error?.isConnectionFailure == true)
        _ = await postgresError { _ = try await withDeadline(patience) { try await waiting.value } }
        try await withDeadline(patience, "the end of the notifications") { for await _ in connection.notifications {} }
        #expect(await !connection.isOpen)
        let later = await postgresError { try await connection.execute(Statement("later", "SELECT 1")) }
        #expect(later?.code == .connectionLost && later?.statement == "later")
    }

    @Test("An idle session that is terminated is found without a call")
    func terminatedIdle() async throws {
        let database = try await database(.debian)
        let connection = try await database.connect()
        try await database.psql("SELECT pg_terminate_backend(\(await connection.backendPID))")
        try await withDeadline(patience) { for await _ in connection.notifications {} }
        #expect(await connection.failure?.isConnectionFailure == true)
    }

    @Test("Closing ends calls and notifications, and may be done twice")
    func closed() async throws {
        let database = try await database(.debian)
        let connection = try await database.connect()
        let observer = try await database.connect()
        let pid = await connection.backendPID
        let call = Task { try await connection.execute(sleep) }
        try await eventually("the statement runs") { try await observer.isRunning(pid) }
        await connection.close()
        await connection.close()
        #expect(
            await postgresError { _ = try await withDeadline(patience) { try await call.value } }?.code
                == .connectionLost)
        try await withDeadline(patience) { for await _ in connection.notifications {} }
    }

    @Test("A killed server ends every session", arguments: PostgresServer.Flavour.allCases)
    func killed(_ flavour: PostgresServer.Flavour) async throws {
        try await PostgresServer.with(flavour) { server in
            let options = ConnectionOptions(conninfo: server.conninfo(over: .tcp))
            let busy = try await PostgresConnection.connect(options)
            let idle = try await PostgresConnection.connect(options)
            let observer = try await PostgresConnection.connect(options)
            let pid = await busy.backendPID
            let call = Task { try await busy.execute(sleep) }
            try await eventually("the statement runs") { try await observer.isRunning(pid) }
            try await server.kill9()
            #expect(
                await postgresError { _ = try await withDeadline(patience) { try await call.value } }?.code
                    == .connectionLost)
            try await withDeadline(patience) { for await _ in idle.notifications {} }
            let refused = await postgresError { _ = try await PostgresConnection.connect(options) }
            #expect(refused?.code == .connectionFailed)
            try await server.start()
            #expect(try await PostgresConnection.connect(options).value("SELECT 5") == 5)
        }
    }

    @Test("A peer that goes silent is given up after deadline and grace, and does not answer later either")
    func silent() async throws {
        let database = try await database(.debian)
        let proxy = try TCPProxy(to: database.server.port)
        let connection = try await database.connect(port: proxy.port)
        #expect(try await connection.value("SELECT 5") == 5)
        proxy.goSilent()
        let error = await postgresError {
            _ = try await withDeadline(patience, "the end of a call to a silent peer") {
                try await connection.execute(Statement("heartbeat", "SELECT 1"), deadline: .milliseconds(100))
            }
        }
        #expect(error?.code == .connectionLost || error?.code == .deadlineExceeded)
        #expect(await !connection.isOpen)
        let later = await postgresError {
            try await connection.execute(Statement("later", "SELECT 1"), deadline: .seconds(1))
        }
        #expect(later?.code == .connectionLost)
        proxy.forward()
    }

    @Test("Connecting to a peer that says nothing ends with the deadline, or with the task")
    func silentConnect() async throws {
        let database = try await database(.debian)
        let proxy = try TCPProxy(to: database.server.port)
        proxy.goSilent()
        let options = ConnectionOptions(conninfo: database.conninfo(port: proxy.port))
        let error = await postgresError {
            _ = try await withDeadline(patience) {
                try await PostgresConnection.connect(options, deadline: .milliseconds(200))
            }
        }
        #expect(error?.code == .deadlineExceeded)
        let task = Task { try await PostgresConnection.connect(options, deadline: .seconds(600)) }
        try await proxy.accepted(atLeast: 2)
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await withDeadline(patience) { try await task.value } }
    }

    @Test("A reset connection is a lost one")
    func reset() async throws {
        let database = try await database(.debian)
        let proxy = try TCPProxy(to: database.server.port)
        let connection = try await database.connect(port: proxy.port)
        try await proxy.reset()
        try await withDeadline(patience) { for await _ in connection.notifications {} }
        #expect(
            await postgresError { _ = try await connection.value("SELECT 1", as: Int.self) }?.code == .connectionLost)
    }
}
