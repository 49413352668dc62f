import Glibc
import Testing

@testable import Systemd

struct CredentialsDirectoryTests {
    let folder: TemporaryFolder
    let credentials: CredentialsDirectory

    init() throws {
        folder = try TemporaryFolder()
        credentials = CredentialsDirectory(path: folder.path)
    }

    @Test(arguments: [
        ("secret", "secret"), ("secret\n", "secret"), ("secret\r\n", "secret"), ("two\nlines\n\n", "two\nlines\n"),
        (" spaces stay ", " spaces stay "), ("", ""), ("\n", ""), ("pässwörd\n", "pässwörd"),
    ])
    func theNewlineAtTheEndIsNoPartOfASecret(_ contents: String, _ secret: String) throws {
        try folder.write(contents.utf8, to: "database-password")
        #expect(try credentials.secret("database-password") == secret)
    }

    @Test func aCredentialThatIsNotThereIsNone() throws {
        #expect(try credentials.secret("api-key") == nil)
    }

    @Test func namesAreListed() throws {
        for name in ["b", "a", ".hidden"] { try folder.write([], to: name) }
        #expect(try credentials.names() == ["a", "b"])
        #expect(throws: CredentialError.self) { try CredentialsDirectory(path: "/nonexistent").names() }
    }

    @Test(arguments: ["", ".", "..", "../passwd", "a/b", "/etc/passwd", "a\0b", "a/\u{301}b"])
    func aNameIsNoPath(_ name: String) {
        #expect(throws: CredentialError.self) { try credentials.secret(name) }
    }

    @Test func whatIsTooLargeOrNoTextIsRefusedWithoutShowingIt() throws {
        try folder.write(repeatElement(UInt8(ascii: "x"), count: CredentialsDirectory.mostBytes), to: "largest")
        #expect(try credentials.secret("largest")?.utf8.count == CredentialsDirectory.mostBytes)
        try folder.write(repeatElement(UInt8(ascii: "x"), count: CredentialsDirectory.mostBytes + 1), to: "large")
        try folder.write([0xff, 0xfe], to: "binary")
        try folder.write("s\0ecret".utf8, to: "nul")
        let problems = ["large": "larger than 1 MiB", "binary": "not UTF-8 text", "nul": "not UTF-8 text"]
        for (name, problem) in problems {
            let failure = #expect(throws: CredentialError.self) { try credentials.secret(name) }
            #expect(failure?.description.contains(problem) == true)
            #expect(failure?.description.contains("ecret") == false)
        }
    }

    @Test func onlyARegularFileIsRead() throws {
        #expect(mkfifo("\(folder.path)/pipe", 0o600) == 0)
        let failure = #expect(throws: CredentialError.self) { try credentials.secret("pipe") }
        #expect(failure?.description.hasSuffix("is not a regular file") == true)
        #expect(failure?.isOutOfReach == false)
        #expect(CredentialError(path: "x", problem: .system(EACCES)).isOutOfReach)
    }

    @Test func theServicesFolderIsNamedByTheManager() async {
        await #expect(processExitsWith: .success) {
            unsetenv("CREDENTIALS_DIRECTORY")
            #expect(CredentialsDirectory.ofThisService() == nil)
            setenv("CREDENTIALS_DIRECTORY", "", 1)
            #expect(CredentialsDirectory.ofThisService() == nil)
            setenv("CREDENTIALS_DIRECTORY", "/run/credentials/backfilld.service", 1)
            #expect(CredentialsDirectory.ofThisService()?.path == "/run/credentials/backfilld.service")
        }
    }
}

struct CoreDumpsTests {
    @Test func noDumpIsAllowedAfterwards() async {
        await #expect(processExitsWith: .success) {
            #expect(CoreDumps.disable())
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
            #expect(limit.rlim_cur == 0 && limit.rlim_max == 0)
        }
    }
}
