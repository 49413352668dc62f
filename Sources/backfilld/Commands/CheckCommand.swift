import ArgumentParser
import Backfill
import Embedders
import FoundationEssentials
import PostgresClient

/// `backfilld check`: the doctor.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Look at everything that has to be right, and say what to do where it is not.",
        discussion: """
            The connection, the server, LISTEN through this very connection, the server's room for the locks of daemons, \
            each table's columns, triggers, index and privileges, row level security, and the embedder. Changes nothing. \
            Ends with 1 when rows are not embedded because of something it found; warnings leave the code at 0.
            """)

    @OptionGroup var options: SettingOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let settings = try options.settings()
        var findings: [Finding] = []
        var locks: LockRoom?
        try await reportingFailures {
            let assembly = try Assembly(settings)
            let embedder: any Embedder
            do {
                embedder = try assembly.embedder()
            } catch {
                show([Finding(.failure, "embedder", Failure.message(for: error), remedy: nil)])
                throw Failure.code(of: error)
            }
            let connection: PostgresConnection
            do {
                connection = try await assembly.sessions.open(deadline: settings.listen.deadline)
            } catch {
                show([Finding(.failure, "connection", Failure.message(for: error), remedy: nil)])
                throw Failure.code(of: error)
            }
            let checkup = Checkup(connection, embedder: embedder, version: Version.text)
            findings += try await checkup.server()
            locks = try await checkup.locks()
            if let locks { findings.append(locks.finding) }
            for table in assembly.tables { findings += try await checkup.table(table) }
            findings += try await checkup.search()
            findings.append(await checkup.answers())
            if let keyed = embedder as? any KeyedEmbedder {
                findings += keyed.warnings.map { Finding(.warning, "embedder", $0) }
            }
            if let remote = embedder as? RemoteEmbedder { findings += await answer(of: remote) }
            await connection.close()
        }
        show(findings, locks)
        if findings.contains(where: { $0.level == .failure }) { throw ExitCode(1) }
    }

    /// What a provider has said of itself and its limits, and what of them was counted today.
    private func answer(of remote: RemoteEmbedder) async -> [Finding] {
        guard let allowance = await remote.allowance else { return [] }
        var findings: [Finding] = []
        let asked = remote.identity.model
        if let model = await remote.answeredModel {
            let isAsked = Self.isSameModel(model, asked)
            findings.append(
                Finding(
                    isAsked ? .ok : .warning, "embedder", "the model that answers is \(model)",
                    remedy: isAsked
                        ? nil
                        : "\"\(asked)\" was asked for. Where that is only a name that the server gives it (an alias, a "
                            + "deployment), all is well; otherwise have the server run the one that is configured, for "
                            + "vectors of different models cannot be compared"))
        }
        let parts = [
            allowance.requests.map { "\($0.grouped) requests" }, allowance.tokens.map { "\($0.grouped) tokens" },
            allowance.requestsLeft.map { "\($0.grouped) requests left" },
            allowance.tokensLeft.map { "\($0.grouped) tokens left" },
        ].compactMap(\.self)
        let said = parts.isEmpty ? "nothing; they are learned of its answers" : parts.joined(separator: ", ")
        let usage = await remote.usage
        findings.append(
            Finding(.ok, "embedder", "limits that it tells: \(said); this test took \(usage.tokens.grouped) tokens"))
        return findings
    }

    /// Whether two names are of one model: some servers add a version or a tag, or leave out whose it is.
    static func isSameModel(_ one: String, _ other: String) -> Bool {
        let names = [one, other].map { ($0.split(separator: "/").last ?? "").lowercased() }.sorted {
            $0.count < $1.count
        }
        guard names[1].hasPrefix(names[0]) else { return false }
        let rest = names[1].dropFirst(names[0].count)
        return rest.isEmpty || rest.first == ":" || rest.first == "@"
            || rest.first == "-" && rest.allSatisfy { $0.isNumber || "-.v".contains($0) }
    }

    /// What is printed as JSON.
    private struct Report: Encodable {
        let findings: [Finding]
        let locks: LockRoom?
    }

    private func show(_ findings: [Finding], _ locks: LockRoom? = nil) {
        guard !json else {
            return print((try? printedJSON(Report(findings: findings, locks: locks))) ?? "{}")
        }
        for finding in findings {
            let mark =
                switch finding.level {
                case .ok: "ok     "
                case .warning: "WARNING"
                case .failure: "FAILED "
                }
            print(terminalText("\(mark)  \(finding.subject): \(finding.found)"))
            if let remedy = finding.remedy { print(terminalText("         \(remedy)")) }
        }
    }
}
