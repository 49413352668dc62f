/// What a text is embedded for.
package enum TextRole: String, Sendable {
    /// What is searched with.
    case query
    /// What is found.
    case passage
}

/// The prompts of config_sentence_transformers.json: texts that are put before each text.
package struct Prompts: Sendable, Equatable {
    /// Each prompt by its name.
    package let texts: [String: String]
    /// The name of the prompt for texts of no role.
    let defaultName: String?

    /// No prompts.
    static let none = Prompts(texts: [:], defaultName: nil)

    private init(texts: [String: String], defaultName: String?) {
        self.texts = texts
        self.defaultName = defaultName
    }

    /// Reads the file; refuses a default prompt that does not exist.
    init(_ file: JSONFile) throws(ModelError) {
        var texts: [String: String] = [:]
        if let prompts = file["prompts"] {
            guard let members = prompts.members else { throw file.error("has \(prompts.kind) as 'prompts'") }
            for member in members {
                guard member.value.isNull || member.value.bytes != nil else {
                    throw file.error("has \(member.value.kind) as prompt \(quote(member.name))")
                }
                texts[member.name] = member.value.text ?? ""
            }
        }
        defaultName = try file.text("default_prompt_name")
        // These two every model has, if only as "".
        if let defaultName, texts[defaultName] == nil, defaultName != "query", defaultName != "document" {
            throw file.error("names \(quote(defaultName)) as default prompt, which is not among its prompts")
        }
        self.texts = texts
    }

    /// The prompt for texts of a role, "" for none: the first of the role's names that the model has, even if its text is
    /// empty. These are the names and the order that `encode_query` and `encode_document` document, which do not fall
    /// back to the default prompt either.
    ///
    /// In sentence-transformers 6.2 itself the names after "document" never take effect, since every model is given an
    /// empty prompt of that name; here "passage" counts in a model that has no "document", as its maker meant it to.
    package func text(for role: TextRole) -> String {
        let names = role == .query ? ["query"] : ["document", "passage", "corpus"]
        return names.lazy.compactMap { texts[$0] }.first ?? ""
    }

    /// The prompt for texts of no role, as `encode` chooses it.
    package var defaultText: String { defaultName.flatMap { texts[$0] } ?? "" }
}
