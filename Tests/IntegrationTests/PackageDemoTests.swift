import Foundation
import TestSupport
import Testing

/// What anybody runs first.
@Suite struct PackageDemoTests {
    @Test("make demo says what the README shows, in that order, and leaves nothing behind")
    func demo() async throws {
        let shown = try DocumentationPage("README.md").blocks.lazy.flatMap { ConsoleStep.steps(of: $0.text) }
        let step = try #require(shown.first { $0.command == "make demo" })
        let before = try Self.folders()
        // Nothing can be built while tests run: the tests of the packages see to it that this binary is of these sources.
        let demo = try await RunningProcess.run(
            "make", ["demo", "BINARY=\(repositoryRoot)/.build/release/backfilld"], directory: repositoryRoot,
            within: .seconds(300))
        #expect(demo.exit == .code(0), "\(demo)")
        // The daemon's log goes its own way, on the lines with a bar.
        for isLog in [true, false] {
            let shown = ShownOutput(step.output.lines.filter { $0.hasPrefix("  |") == isLog })
            #expect(!shown.lines.isEmpty)
            #expect(shown.missing(in: demo.text) == nil, "\(demo)")
        }
        #expect(try Self.folders() == before)
        let left = try await RunningProcess.run("pgrep", ["--full", "--list-full", "/tmp/backfilld-demo[.]"])
        #expect(left.output == "")
    }

    private static func folders() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: "/tmp").filter { $0.hasPrefix("backfilld-demo.") })
    }
}
