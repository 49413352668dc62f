import FoundationEssentials
import Glibc

@testable import backfilld

/// A folder of its own for a test, with the files the test puts there; removed in the end.
final class ConfigurationFolder {
    let path: String

    init(_ files: [String: String] = [:]) {
        var template = Array("/tmp/backfilld-configuration-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/nonexistent"
        for (name, text) in files { write(name, text) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ name: String, _ text: String, mode: mode_t = 0o600) {
        write(name, bytes: Array(text.utf8), mode: mode)
    }

    func write(_ name: String, bytes: [UInt8], mode: mode_t = 0o600) {
        let file = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, mode)
        precondition(file >= 0, "can't write \(name)")
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            precondition(count > 0, "can't write \(name)")
            rest = rest.dropFirst(count)
        }
        close(file)
        chmod("\(path)/\(name)", mode)
    }

    /// Loads with this folder for the working directory and nothing from outside it.
    ///
    /// - Parameter config: a file of the folder to give as `--config`.
    func load(
        _ environment: [String: String] = [:], config: String? = nil, options: [String] = [],
        credentials: Bool = false, userID: UInt32 = geteuid(), needsDatabase: Bool = false
    ) throws(ConfigurationError) -> Settings {
        var commandLine = CommandLineSettings()
        for option in options { commandLine.add(assignment: option) }
        return try Settings.load(
            commandLine: commandLine, environment: environment, workingDirectory: path, configPath: config,
            credentialsDirectory: credentials ? path : nil, userID: userID, needsDatabase: needsDatabase,
            standardPath: "\(path)/backfilld.toml")
    }

    /// The error of a load that must fail.
    func failure(
        _ environment: [String: String] = [:], config: String? = nil, options: [String] = [],
        credentials: Bool = false, userID: UInt32 = geteuid(), needsDatabase: Bool = false
    ) -> ConfigurationError {
        do throws(ConfigurationError) {
            _ = try load(
                environment, config: config, options: options, credentials: credentials, userID: userID,
                needsDatabase: needsDatabase)
            return ConfigurationError(problems: [])
        } catch {
            return error
        }
    }
}
