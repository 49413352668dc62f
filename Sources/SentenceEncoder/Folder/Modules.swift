/// What modules.json strings together: a Transformer, a Pooling and maybe a Normalize, and nothing else.
struct Modules: Sendable, Equatable {
    /// The folders of the modules, relative to the model's; "" for the model's own.
    let transformer: String
    let pooling: String
    let normalize: String?

    /// Reads modules.json; refuses other modules, another order, and paths that lead out of the folder.
    init(bytes: [UInt8], path: String) throws(ModelError) {
        let root: JSON
        do throws(JSONError) {
            root = try JSON.parse(bytes)
        } catch {
            throw ModelError(path, "is not valid JSON: \(error)")
        }
        guard let elements = root.elements else { throw ModelError(path, "holds \(root.kind), not a list of modules") }
        var kinds: [String] = []
        var folders: [String] = []
        for element in elements {
            guard let type = element["type"]?.text, let folder = element["path"]?.text else {
                throw ModelError(path, "has an entry without 'type' or 'path'")
            }
            guard let kind = Self.kind(ofType: type) else {
                throw ModelError(
                    path,
                    "uses the module \(quote(type)); Transformer, Pooling and Normalize of sentence_transformers can be run"
                )
            }
            guard Self.isInside(folder) else {
                throw ModelError(path, "has the path \(quote(folder)), which leads out of the model's folder")
            }
            kinds.append(kind)
            folders.append(folder)
        }
        guard kinds == ["Transformer", "Pooling"] || kinds == ["Transformer", "Pooling", "Normalize"] else {
            let found = kinds.isEmpty ? "no module" : kinds.prefix(8).joined(separator: ", ")
            throw ModelError(
                path, "lists \(found); Transformer, Pooling and, if wanted, Normalize can be run, in this order")
        }
        // The reference keeps modules by name: of two with the same name the first would not run.
        let names = elements.compactMap { $0["name"]?.bytes }
        guard Set(names).count == elements.count else {
            throw ModelError(path, "has modules without a 'name' of their own")
        }
        transformer = folders[0]
        pooling = folders[1]
        normalize = folders.count > 2 ? folders[2] : nil
    }

    /// The class, which has moved between the packages of sentence-transformers with its versions.
    private static func kind(ofType type: String) -> String? {
        let parts = type.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0] == "sentence_transformers",
            ["models", "base", "sentence_transformer"].contains(parts[1]),
            let kind = parts.last, ["Transformer", "Pooling", "Normalize"].contains(kind)
        else { return nil }
        return String(kind)
    }

    /// Whether a relative path stays in its folder, read as a path of Unix and as one of Windows.
    private static func isInside(_ folder: String) -> Bool {
        let parts = folder.utf8.split(omittingEmptySubsequences: false) { $0 == 0x2f || $0 == 0x5c }
        return !folder.utf8.contains(0) && !folder.utf8.contains(UInt8(ascii: ":"))
            && (folder.isEmpty || parts.first?.isEmpty == false)
            && !parts.contains { $0.elementsEqual("..".utf8) }
    }
}

extension Modules {
    /// Checks that a Normalize module does what its name says.
    static func checkNormalize(_ file: JSONFile) throws(ModelError) {
        for key in ["module_input_name", "module_output_name"] {
            let name = try file.text(key) ?? "sentence_embedding"
            guard name == "sentence_embedding" else {
                throw file.error("has \(quote(name)) as '\(key)'; only the sentence embedding can be normalised")
            }
        }
    }
}
