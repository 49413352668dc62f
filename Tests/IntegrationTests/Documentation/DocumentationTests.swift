import Foundation
import TestSupport
import Testing

/// What the documentation shows is done, page by page, by a reader who types it in.
@Suite(.serialized) struct DocumentationTests {
    @Test("Every block is run, or says why not", arguments: DocumentationPage.names)
    func blocks(_ name: String) async throws {
        let page = try DocumentationPage(name)
        for block in page.blocks {
            let unknown = Set(block.marks.keys).subtracting(DocumentationPage.marks)
            #expect(unknown.isEmpty, "a comment that means nothing", sourceLocation: page.location(block.line))
        }
        var isRun = false
        for block in page.blocks where block.mark("not run") == nil {
            let isKnown = DocumentationPage.run.union(DocumentationPage.read).contains(block.language)
            #expect(isKnown, "a block of the language \"\(block.language)\"", sourceLocation: page.location(block.line))
            isRun = isRun || DocumentationPage.run.contains(block.language) || block.mark("file") != nil
        }
        guard isRun else { return }
        try await DocumentationHost.with(page.start) { host in
            for block in page.blocks where block.mark("not run") == nil {
                try await host.follow(block, at: page.location(block.line))
            }
        }
    }

    @Test("Every link within the repository leads somewhere", arguments: DocumentationPage.linked)
    func links(_ name: String) throws {
        let page = try DocumentationPage(name)
        let folder = (name as NSString).deletingLastPathComponent
        for link in page.links {
            let parts = link.target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let target =
                parts[0].isEmpty
                ? name
                : ((folder as NSString).appendingPathComponent(String(parts[0])) as NSString)
                    .standardizingPath
            let location = page.location(link.line)
            let exists = FileManager.default.fileExists(atPath: "\(repositoryRoot)/\(target)")
            #expect(exists, "there is no \(target)", sourceLocation: location)
            guard exists, parts.count == 2, target.hasSuffix(".md") else { continue }
            let anchors = try DocumentationPage(target).anchors
            #expect(anchors.contains(String(parts[1])), "\(target) has no #\(parts[1])", sourceLocation: location)
        }
    }

    @Test("A page is read as Markdown is: fences, what is said before them, links and anchors")
    func reading() {
        let page = DocumentationPage(
            "docs/page.md",
            """
            # A page, of `code`
            <!-- starts with: table -->
            <!-- not run: needs [a](no-link.md) -->
            <!-- typed: one -->
            <!-- typed: two -->

            ```sh
            echo [b](none.md)
            ```
            - A list with [a link](other.md#part), `[code](x.md)` and [one](https://example.com) of the web

              ```sql
              SELECT
                  1
              ```
            ## A page, of `code`
            """)
        #expect(page.start == .table)
        #expect(page.blocks.map(\.language) == ["sh", "sql"])
        #expect(page.blocks.map(\.line) == [7, 12])
        #expect(page.blocks.map(\.text) == ["echo [b](none.md)\n", "SELECT\n    1\n"])
        #expect(page.blocks[0].mark("not run") == "needs [a](no-link.md)")
        #expect(page.blocks[0].marks["typed"] == ["one", "two"])
        #expect(page.blocks[1].marks.isEmpty)
        #expect(page.links.map(\.target) == ["other.md#part"])
        #expect(page.anchors == ["a-page-of-code", "a-page-of-code-1"])
        #expect(DocumentationPage("docs/open.md", "```sh\nnever ends").blocks.map(\.language) == [""])
    }

    @Test("Output is like what a page shows where words are the same, whatever the numbers, and … is anything")
    func likeness() {
        let output = "first\n  embedded   23 (100.0 %)\nsomething\nlast 482 ms ago\n"
        #expect(ShownOutput(["embedded 7 (50 %)", "last … ago"]).missing(in: output) == nil)
        #expect(ShownOutput(["first", "…", "last 1 ms ago"]).missing(in: output) == nil)
        #expect(ShownOutput(["last 1 ms ago", "first"]).missing(in: output) == "first")
        #expect(ShownOutput(["embedded twenty (100.0 %)"]).missing(in: output) == "embedded twenty (100.0 %)")
    }
}
