import Glibc
import TestSupport
import Testing

@Suite struct RunningProcessTests {
    @Test func collectsBothStreamsAndTheStatus() async throws {
        let result = try await RunningProcess.run(
            "sh", ["-c", "cat; echo wrong >&2; exit 7"], input: "given\nno newline")
        #expect(result.exit == .code(7))
        #expect(result.output == "given\nno newline")
        #expect(result.errors == "wrong\n")
    }

    @Test func tellsASignalFromAStatus() async throws {
        let process = try RunningProcess("sleep", ["60"])
        process.send(SIGTERM)
        #expect(try await process.exit() == .signal(SIGTERM))
        #expect(!process.isRunning)
    }

    @Test func waitsForALineAndSaysWhenItCannotCome() async throws {
        let process = try RunningProcess("sh", ["-c", "echo one; echo two >&2; exec sleep 60"])
        #expect(try await process.line { $0 == "two" } == "two")
        await #expect(throws: DeadlineMissed.self) {
            try await process.line(within: .milliseconds(50)) { $0 == "three" }
        }
        process.send(SIGKILL)
        await #expect(throws: ProcessEnded.self) { try await process.line { $0 == "three" } }
    }

    @Test func runsInAFolderWithAnEnvironmentOfItsOwn() async throws {
        let folder = try temporaryFolder()
        let result = try await RunningProcess.run(
            "sh", ["-c", "pwd; echo $ONLY$HOME"], environment: ["PATH": "/usr/bin:/bin", "ONLY": "this"],
            directory: folder)
        #expect(result.output == "\(folder)\nthis\n")
    }

    @Test func endsWhatNobodyHolds() async throws {
        var process: RunningProcess? = try RunningProcess("sleep", ["60"])
        let pid = try #require(process?.pid)
        process = nil
        try await eventually("\(pid) gone") { kill(pid, 0) == -1 }
    }

    @Test func doesNotGiveAChildTheDescriptorsOfOthers() async throws {
        let proxy = try TCPProxy(to: 1)
        let other = try RunningProcess("sleep", ["60"])
        // ls itself has the folder open, as its fourth.
        let result = try await RunningProcess.run("sh", ["-c", "ls /proc/self/fd | wc -l"])
        #expect(result.output == "4\n")
        withExtendedLifetime((proxy, other)) {}
    }

    @Test func aMissingProgramIsAnError() {
        #expect(throws: SystemFailure.self) { try RunningProcess("/no/such/program") }
    }
}

@Suite struct DeadlineTests {
    @Test func aBodyThatDoesNotAnswerToCancellationIsLeft() async throws {
        await #expect(throws: DeadlineMissed.self) {
            try await withDeadline(.milliseconds(20)) {
                await withCheckedContinuation { continuation in
                    Task {
                        try? await Task.sleep(for: .seconds(1))  // What hangs: a body that takes no notice.
                        continuation.resume()
                    }
                }
            }
        }
    }

    @Test func whatComesInTimeIsReturned() async throws {
        #expect(try await withDeadline(.seconds(5)) { 42 } == 42)
        var asked = 0
        try await eventually {
            asked += 1
            return asked == 3
        }
        #expect(asked == 3)
    }

    @Test func theMessageSaysWhatAndWhere() async throws {
        let missed = await #expect(throws: DeadlineMissed.self) {
            try await eventually("pigs flying", within: .milliseconds(20)) { false }
        }
        #expect(missed?.description.contains("RunningProcessTests.swift") == true)
        #expect(missed?.description.contains("pigs flying") == true)
    }
}

@Suite struct NotifySocketTests {
    @Test func hearsWhatADaemonSays() async throws {
        let socket = try NotifySocket()
        let result = try await RunningProcess.run(
            "systemd-notify", ["--ready", "--status=3 pending"],
            environment: socket.environment.merging(["PATH": "/usr/bin:/bin"]) { $1 })
        #expect(result.exit == .code(0))
        try await socket.wait(for: "READY=1")
        try await socket.wait(for: "STATUS=3")
        #expect(socket.status == "3 pending")
        await #expect(throws: DeadlineMissed.self) {
            try await socket.wait(for: "WATCHDOG=1", within: .milliseconds(50))
        }
    }
}
