import Foundation
import TestSupport
import Testing

/// The models that tests embed with.
enum TestModel {
    /// The default model as scripts/fetch-model puts it; 384 dimensions.
    static let miniLM =
        "\(ProcessInfo.processInfo.environment["BACKFILLD_CACHE"] ?? "/var/cache/backfilld")/models/all-MiniLM-L6-v2"
    /// A model of 32 dimensions with random weights, and prompts for queries and passages; a limit of 64 tokens.
    static let tiny = "\(repositoryRoot)/Tests/SentenceEncoderTests/Fixtures/models/prompts"
}

/// Runs the binary where there is no database, no configuration and no model but those that are named.
struct ModelWorkplace {
    let folder: String

    init() throws {
        folder = try temporaryFolder()
    }

    @discardableResult
    func run(
        _ arguments: String..., environment: [String: String] = [:], input: String? = nil,
        within limit: Duration = .seconds(180), fileID: String = #fileID, line: Int = #line
    ) async throws -> CompletedProcess {
        try await RunningProcess.run(
            try builtBinary("backfilld"), arguments,
            environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "STATE_DIRECTORY": folder]
                .merging(environment) { $1 },
            directory: folder, input: input, within: limit, fileID: fileID, line: line)
    }

    /// Names in a folder of this place.
    func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(path)").sorted()
    }

    /// The objects of JSON Lines.
    static func objects(_ result: CompletedProcess) throws -> [[String: Any]] {
        try result.output.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }
}

/// A web server of a folder, on a free port of this machine.
struct FolderServer {
    let process: RunningProcess
    let address: String

    init(_ folder: String) async throws {
        process = try RunningProcess(
            "python3", ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1"], directory: folder)
        let line = try await process.line(within: .seconds(60)) { $0.contains(" port ") }
        let port = try #require(line.split { !$0.isNumber }.compactMap { Int($0) }.first { $0 > 1024 })
        address = "http://127.0.0.1:\(port)"
    }
}
