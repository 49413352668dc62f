import Foundation
import TestSupport
import Testing

/// What the binary is linked with.
///
/// The release binary, with Swift in it, is looked at by scripts/check-binary at the end of `make build`. The one of the
/// tests has every library named that a dependency imports, used or not; so what is looked at here is what it uses.
@Suite struct ProcessBinaryTests {
    private static func symbols(_ binary: String) async throws -> [Substring] {
        let result = try await RunningProcess.run("nm", ["-D", "--undefined-only", binary]).expect(.code(0))
        return result.output.split(separator: "\n").compactMap { $0.split(separator: " ").last }
    }

    @Test("Nothing of full Foundation, of its internationalization or of ICU is used")
    func foundation() async throws {
        let symbols = try await Self.symbols(try builtBinary("backfilld"))
        // A mangled name begins with the length and the name of its module.
        for module in ["$s10Foundation", "$s30FoundationInternationalization"] {
            let used = symbols.filter { $0.hasPrefix(module) }
            #expect(used.isEmpty, "\(used)")
        }
        #expect(!symbols.contains { $0.hasPrefix("ucol_") || $0.hasPrefix("icu") })
        // The list is not empty for another reason.
        #expect(symbols.contains { $0.hasPrefix("$s20FoundationEssentials") })
    }

    @Test("scripts/check-binary refuses a binary that needs Foundation's libraries, as this one of the tests does")
    func checkBinary() async throws {
        let script = "\(repositoryRoot)/scripts/check-binary"
        try await RunningProcess.run(script, [try builtBinary("backfilld")])
            .expect(.code(1), "needs libFoundation.so", "needs libswiftCore.so")
        // A plain program of the system has neither.
        try await RunningProcess.run(script, ["/usr/bin/env"]).expect(.code(0), "without ICU")
        try await RunningProcess.run(script, []).expect(.code(64), "check-binary PATH")
    }
}
