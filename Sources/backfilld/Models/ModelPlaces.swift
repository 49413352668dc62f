import FoundationEssentials
import Glibc
import SentenceEncoder
import Systemd

/// Where models are kept: a folder each, found by its name.
struct ModelPlaces: Sendable, Equatable {
    /// In the order in which they are looked through.
    let directories: [String]

    /// The service's own, what `backfilld model add` fills, and those of an installation.
    ///
    /// - Parameters:
    ///   - environment: Of this process, with systemd's `STATE_DIRECTORY`.
    ///   - program: The path of this program: installed below another prefix it looks there too.
    init(environment: [String: String], program: String? = nil) {
        var directories: [String] = []
        if let state = StateDirectory.path(in: environment) { directories.append("\(state)/models") }
        var places = ["/var/lib/backfilld", "/usr/local/share/backfilld", "/usr/share/backfilld"]
        let parts = (program ?? "").split(separator: "/")
        if parts.suffix(2).first == "bin" {
            places.append("/" + (parts.dropLast(2) + ["share", "backfilld"]).joined(separator: "/"))
        }
        for path in places {
            if !directories.contains("\(path)/models") { directories.append("\(path)/models") }
        }
        self.directories = directories
    }

    init(directories: [String]) {
        self.directories = directories
    }

    /// Those of this process.
    static var ofThisProcess: ModelPlaces {
        ModelPlaces(
            environment: ProcessInfo.processInfo.environment,
            program: try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    }

    /// Whether a model is named by its path.
    static func isPath(_ model: String) -> Bool { model.contains("/") || model == "." || model == ".." }

    /// The path of a model's folder.
    ///
    /// - Parameter model: A name, or a path with a "/" in it, which is taken as it is.
    func path(of model: String) throws(ModelNotFound) -> String {
        if Self.isPath(model) { return model }
        if let entry = entries(named: model).first { return entry.path }
        let names = entries.map(\.name)
        throw ModelNotFound(
            model: model, looked: directories.map { ($0, Self.isClosed($0)) }, names: Array(Set(names)).sorted())
    }

    /// A folder in one of the places.
    struct Entry: Sendable, Equatable {
        let name: String
        let path: String
    }

    /// Every folder, in the order in which it would be found.
    var entries: [Entry] {
        directories.flatMap { directory in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            // What begins with a dot is being added, or was when the power failed.
            return names.filter { !$0.hasPrefix(".") }.sorted().map { Entry(name: $0, path: "\(directory)/\($0)") }
        }.filter { Self.isDirectory($0.path) }
    }

    private func entries(named name: String) -> [Entry] {
        guard !name.hasPrefix("."), !name.utf8.contains(0) else { return [] }
        return directories.map { Entry(name: name, path: "\($0)/\(name)") }.filter { Self.isDirectory($0.path) }
    }

    private static func isDirectory(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether a directory may be there and this user cannot look into it, as that of a service cannot be by others.
    private static func isClosed(_ path: String) -> Bool {
        access(path, R_OK | X_OK) != 0 && errno == EACCES
    }
}

/// There is no model of a name.
struct ModelNotFound: Error, CustomStringConvertible {
    let model: String
    /// The places, and whether they could not be looked into.
    let looked: [(directory: String, isClosed: Bool)]
    /// What is there.
    let names: [String]

    var description: String {
        let places = looked.map { $0.directory + ($0.isClosed ? " (which may not be looked into)" : "") }
        var text = "there is no model \(quoted(model)) in \(places.joined(separator: ", ")); "
        text += names.isEmpty ? "no model is there" : "there is \(names.prefix(20).joined(separator: ", "))"
        if let near = nearestName(to: model, among: names) {
            text += ". Did you mean \"\(near)\"?"
        } else {
            text += "."
        }
        let shown = quoted(model).dropFirst().dropLast()
        return text + " \"backfilld model add \(shown)\" puts it there; a path needs a \"/\" in it."
    }
}
