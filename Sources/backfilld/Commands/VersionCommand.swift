import ArgumentParser
import PostgresClient

/// `backfilld version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the versions of backfilld and of the libraries it runs with.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() {
        let libpq = "\(PostgresConnection.libraryVersion / 10_000).\(PostgresConnection.libraryVersion % 10_000)"
        print(
            json
                ? #"{"backfilld":"\#(Version.text)","libpq":"\#(libpq)"}"#
                : "backfilld \(Version.text) (libpq \(libpq))")
    }
}
