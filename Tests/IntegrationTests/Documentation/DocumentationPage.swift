import Foundation
import TestSupport
import Testing

/// A page of the documentation: what of it can be run, and what it links to. docs/contributing.md tells the rules.
struct DocumentationPage: Sendable {
    /// Its path in the repository: `docs/search.md`.
    let name: String
    /// Its fenced blocks, in order.
    let blocks: [Block]
    /// Targets of its links that are no address of the web.
    let links: [Link]
    /// What `#` may be followed by in a link to it.
    let anchors: Set<String>
    /// What is there before its first block.
    let start: Start

    /// What is there before the first block of a page.
    enum Start: String, Sendable {
        /// A machine with the package, and an empty database.
        case nothing
        /// The table of `make demo` with its rows besides.
        case table
        /// The table is set up, the service runs, and all rows are embedded.
        case service
    }

    /// A fenced block.
    struct Block: Sendable {
        let language: String
        let text: String
        /// The line of its fence, from 1.
        let line: Int
        /// What the comments right before it say, by their names.
        let marks: [String: [String]]

        /// What a comment of this name says.
        func mark(_ name: String) -> String? { marks[name]?.first }
    }

    /// A link.
    struct Link: Sendable {
        let target: String
        let line: Int
    }

    /// Languages whose blocks are run, and those that are only to be read.
    static let run: Set<String> = ["sh", "sql", "toml", "console"]
    static let read: Set<String> = ["mermaid", "text", "json", "yaml", "ini", "swift", "http", "html", "js"]

    /// What a comment before a block can say.
    static let marks: Set<String> = ["not run", "exit", "typed", "file", "as", "eventually", "starts with"]

    /// Reads a page of the repository.
    init(_ name: String) throws {
        self.init(name, try String(contentsOfFile: "\(repositoryRoot)/\(name)", encoding: .utf8))
    }

    /// Reads a page.
    init(_ name: String, _ text: String) {
        self.name = name
        var (blocks, links, anchors, start) = ([Block](), [Link](), Set<String>(), Start.service)
        var marks: [String: [String]] = [:]
        var open: (language: String, indent: Int, line: Int, lines: [String])?
        for (index, line) in text.components(separatedBy: "\n").enumerated() {
            let bare = line.trimmingCharacters(in: .whitespaces)
            if let block = open {
                guard bare == "```" else {
                    let indent = line.prefix { $0 == " " }.count
                    open?.lines.append(String(line.dropFirst(min(block.indent, indent))))
                    continue
                }
                let text = block.lines.map { $0 + "\n" }.joined()
                blocks.append(Block(language: block.language, text: text, line: block.line, marks: marks))
                (open, marks) = (nil, [:])
            } else if bare.hasPrefix("```") {
                let indent = line.prefix { $0 == " " }.count
                open = (String(bare.dropFirst(3)), indent, index + 1, [])
            } else if let mark = bare.wholeMatch(of: /<!-- ([a-z ]+): (.*\S) -->/) {
                if mark.1 == "starts with" { start = Start(rawValue: String(mark.2)) ?? start }
                marks[String(mark.1), default: []].append(String(mark.2))
            } else if !bare.isEmpty {
                marks = [:]
                if bare.hasPrefix("#") {
                    var anchor = Self.anchor(bare)
                    var number = 0
                    while anchors.contains(anchor) {
                        number += 1
                        anchor = "\(Self.anchor(bare))-\(number)"
                    }
                    anchors.insert(anchor)
                }
                let prose = line.replacing(/`[^`]*`/, with: "")
                links += prose.matches(of: /\]\(([^)\s]+)\)/)
                    .map { Link(target: String($0.1), line: index + 1) }
                    .filter { !$0.target.contains("://") && !$0.target.hasPrefix("mailto:") }
            }
        }
        if let block = open {
            // It never ends: no language, so that it is complained of.
            blocks.append(Block(language: "", text: "", line: block.line, marks: [:]))
        }
        self.blocks = blocks
        self.links = links
        self.anchors = anchors
        self.start = start
    }

    /// The name that a heading is linked to by, as GitHub makes it.
    static func anchor(_ heading: String) -> String {
        let title = heading.drop { $0 == "#" }.drop { $0 == " " }.replacing(/\[([^\]]*)\]\([^)]*\)/) { $0.1 }
        return title.lowercased().filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }
            .replacing(" ", with: "-")
    }

    /// A line of it, for a test to point at.
    func location(_ line: Int) -> SourceLocation {
        SourceLocation(
            fileID: "backfilld/\(name)", filePath: "\(repositoryRoot)/\(name)", line: line, column: 1)
    }

    /// The pages whose blocks are run.
    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(repositoryRoot)/docs")) ?? []
        return ["README.md"] + files.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" }
    }()

    /// The pages whose links are followed: those and the decisions.
    static let linked: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(repositoryRoot)/docs/adr")) ?? []
        return names + ["CHANGELOG.md"] + files.filter { $0.hasSuffix(".md") }.sorted().map { "docs/adr/\($0)" }
    }()
}
