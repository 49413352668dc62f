import Backfill

/// Where `backfilld model add` takes a model from.
enum ModelSource: Sendable, Equatable {
    /// A folder of this machine.
    case folder(String)
    /// An archive of this machine that has the folder in it.
    case archive(String)
    /// An archive on the web.
    case webArchive(String)
    /// The address of a folder on the web, without a slash at its end.
    case webFolder(String)
    /// The default model, from the Python Package Index.
    case wheel

    /// What is at a path of this machine.
    enum PathKind: Sendable {
        case folder, file, nothing
    }

    /// The address of the Hugging Face hub, or of a mirror that HF_ENDPOINT names.
    static let hub = "https://huggingface.co"
    private static let archiveEndings = [".tar.gz", ".tgz", ".zip", ".whl"]

    /// Understands what somebody wrote: a folder, an address, or a name. What is on this machine comes first.
    ///
    /// - Parameters:
    ///   - kind: What is at a path.
    ///   - hub: The address that names ORG/NAME belong to.
    init(_ text: String, hub: String = ModelSource.hub, kind: (String) -> PathKind) throws(ModelAdditionError) {
        if text.hasPrefix("http://") || text.hasPrefix("https://") {
            self = try Self.address(text, hub: hub)
            return
        }
        switch kind(text) {
        case .folder: self = .folder(text)
        case .file where Self.isArchive(text): self = .archive(text)
        case .file:
            throw ModelAdditionError(
                .data, "\(text) is neither a folder nor an archive (\(Self.archiveEndings.joined(separator: ", ")))")
        case .nothing: self = try Self.name(text, hub: hub)
        }
    }

    private static func name(_ text: String, hub: String) throws(ModelAdditionError) -> ModelSource {
        if text == DefaultModel.name { return .wheel }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2, parts.allSatisfy(isName), !isArchive(text) {
            return .webFolder("\(hub)/\(text)/resolve/main")
        }
        let near = editDistance(text.lowercased(), DefaultModel.name.lowercased()) <= 3
        throw ModelAdditionError(
            .noInput,
            "there is no folder \(quoted(text)), and it is no name of a model"
                + (near
                    ? ". Did you mean \"\(DefaultModel.name)\"?"
                    : ": \(DefaultModel.name) is one, and ORG/NAME means that model on \(hub)"))
    }

    private static func address(_ text: String, hub: String) throws(ModelAdditionError) -> ModelSource {
        let isSafe = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } && text.utf8.count <= 4096
        guard isSafe, text.split(separator: "/").count >= 2 else {
            throw ModelAdditionError(.data, "\(quoted(text)) is no address of a folder or an archive")
        }
        let authority = text.split(separator: "/", maxSplits: 2)[1].prefix { $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else {
            throw ModelAdditionError(
                .data, "an address with a user or a password in it is not taken: everybody can read a command line")
        }
        let path = text.prefix { $0 != "?" && $0 != "#" }
        if isArchive(String(path)) { return .webArchive(text) }
        var address = String(path)
        while address.hasSuffix("/") { address.removeLast() }
        guard address.hasPrefix(hub + "/") else { return .webFolder(address) }
        // A page of the hub: its files are elsewhere.
        let parts = address.dropFirst(hub.utf8.count + 1).split(separator: "/")
        if parts.count == 2 { return .webFolder("\(address)/resolve/main") }
        if parts.count >= 4, parts[2] == "tree" || parts[2] == "blob" {
            return .webFolder("\(hub)/\(parts[0])/\(parts[1])/resolve/\(parts[3...].joined(separator: "/"))")
        }
        return .webFolder(address)
    }

    private static func isArchive(_ path: String) -> Bool {
        archiveEndings.contains { path.lowercased().hasSuffix($0) }
    }

    /// The name that the model gets if nobody gives it another; nil where none can be made of it.
    var name: String? {
        let last: String
        switch self {
        case .wheel: last = DefaultModel.name
        case .folder(let path), .archive(let path): last = Self.lastPart(path)
        case .webArchive(let address): last = Self.lastPart(String(address.prefix { $0 != "?" && $0 != "#" }))
        case .webFolder(let address):
            let parts = address.split(separator: "/").map(String.init)
            let end = parts.firstIndex(of: "resolve") ?? parts.endIndex
            last = end > 0 ? parts[end - 1] : ""
        }
        let ending = Self.archiveEndings.first { last.lowercased().hasSuffix($0) } ?? ""
        let name = String(last.dropLast(ending.count))
        return Self.isName(name) ? name : nil
    }

    private static func lastPart(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? "" }

    /// Whether this can be a folder's name here and a part of an address.
    static func isName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            default: false
            }
        }
        guard let first = bytes.first, isAlphanumeric(first), bytes.count <= 100 else { return false }
        return bytes.allSatisfy { isAlphanumeric($0) || "-._".utf8.contains($0) }
    }
}
