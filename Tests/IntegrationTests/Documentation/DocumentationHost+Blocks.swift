import Foundation
import TestSupport
import Testing

extension DocumentationHost {
    /// Does what a block says.
    func follow(_ block: DocumentationPage.Block, at location: SourceLocation) async throws {
        let exit = ProcessExit.code(block.mark("exit").flatMap(Int32.init) ?? 0)
        let typed = block.marks["typed"].map { $0.map { $0 + "\n" }.joined() }
        if let path = block.mark("file") {
            try await read(
                "mkdir -p \"$(dirname '\(path)')\" && cat >'\(path)'", input: block.text, sourceLocation: location)
        }
        switch block.language {
        case "sh":
            try await read(block.text, input: typed, exit: exit, sourceLocation: location)
        case "sql":
            let role = block.mark("as") ?? "owner"
            try await read(
                "psql -X -v ON_ERROR_STOP=1 postgresql://\(role)@db.example.com/music", input: block.text, exit: exit,
                sourceLocation: location)
        case "toml":
            // As one file: what is said apart on a page has to be right apart.
            try await read(
                "cat >page.toml; backfilld config --check --config page.toml", input: block.text, exit: exit,
                sourceLocation: location)
        case "console":
            let isEventual = block.mark("eventually") != nil
            for step in ConsoleStep.steps(of: block.text) {
                try await follow(step, isEventual: isEventual, exit: exit, at: location)
            }
        default: break
        }
    }

    private func follow(
        _ step: ConsoleStep, isEventual: Bool, exit: ProcessExit, at location: SourceLocation
    ) async throws {
        // Standard error is part of what a terminal shows; the status is looked at once the words are there.
        let command = "exec 2>&1\n\(step.command)"
        guard isEventual else {
            let output = try await read(command, exit: exit, sourceLocation: location)
            let missing = step.output.missing(in: output)
            #expect(
                missing == nil, "\(step.command) did not say \"\(missing ?? "")\":\n\(output)", sourceLocation: location
            )
            return
        }
        var output = ""
        do {
            try await eventually("what the page shows", polling: .milliseconds(500)) {
                output = try await read(command, exit: exit, sourceLocation: location)
                return step.output.missing(in: output) == nil
            }
        } catch {
            let missing = step.output.missing(in: output) ?? ""
            Issue.record("\(step.command) never said \"\(missing)\":\n\(output)", sourceLocation: location)
        }
    }
}

/// A command of a `console` block, with what it is shown to say.
struct ConsoleStep: Sendable {
    var command: String
    var output: ShownOutput

    /// Lines that begin with `$` are commands, those that begin with `>` go on with them, all others are output.
    static func steps(of text: String) -> [ConsoleStep] {
        var steps: [ConsoleStep] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("$ ") {
                steps.append(ConsoleStep(command: String(line.dropFirst(2)), output: ShownOutput([])))
            } else if line.hasPrefix("> "), let last = steps.indices.last, steps[last].output.lines.isEmpty {
                steps[last].command += "\n" + line.dropFirst(2)
            } else if let last = steps.indices.last, line.contains(where: { $0 != " " }) {
                steps[last].output.lines.append(line)
            }
        }
        return steps
    }
}

/// Output as a page shows it: the words are meant, numbers are examples, and `…` is anything.
struct ShownOutput: Sendable {
    var lines: [String]

    init(_ lines: [String]) { self.lines = lines }

    /// The first of its lines that the output has none like, after those of the lines before.
    func missing(in output: String) -> String? {
        var rest = output.split(separator: "\n").map(Self.words)[...]
        for line in lines where line.contains(where: { !" …".contains($0) }) {
            guard let pattern = try? Regex(Self.pattern(line)),
                let index = rest.firstIndex(where: { $0.contains(pattern) })
            else { return line }
            rest = rest[(index + 1)...]
        }
        return nil
    }

    private static func words(_ line: some StringProtocol) -> String {
        line.split(separator: " ").joined(separator: " ")
    }

    private static func pattern(_ line: String) -> String {
        let number = "\u{1}"
        let text = words(line).replacing(/[0-9]([0-9.,]*[0-9])?/, with: number)
        return NSRegularExpression.escapedPattern(for: text).replacing(number, with: "[0-9][0-9.,]*")
            .replacing("…", with: ".*")
    }
}
