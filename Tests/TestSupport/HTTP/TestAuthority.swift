import Foundation

/// A certificate authority for one test, made with openssl.
public struct TestAuthority: Sendable {
    /// openssl did not make what it should.
    public struct Failed: Error { let result: String }

    private let folder: String
    /// Its own certificate (PEM).
    public var certificate: String { folder + "/ca.crt" }

    /// Makes one.
    public init() async throws {
        folder = try temporaryFolder()
        try await openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=Test authority", "-keyout", folder + "/ca.key", "-out", certificate)
    }

    /// A certificate and its key for a name, at `path.crt` and `path.key`.
    ///
    /// - Parameter kind: What the name is: `DNS` or `IP`.
    public func issue(for name: String, kind: String = "DNS", at path: String) async throws {
        try await openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(name)",
            "-keyout", path + ".key", "-out", folder + "/request")
        try "subjectAltName=\(kind):\(name)\n".write(toFile: folder + "/names", atomically: true, encoding: .utf8)
        try await openssl(
            "x509", "-req", "-in", folder + "/request", "-CA", certificate, "-CAkey", folder + "/ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", folder + "/names", "-out", path + ".crt")
    }

    /// A path for a file of this test.
    public func path(_ name: String) -> String { folder + "/" + name }

    private func openssl(_ arguments: String...) async throws {
        let result = try await RunningProcess.run("openssl", arguments)
        guard result.exit == .code(0) else { throw Failed(result: "\(result)") }
    }
}
