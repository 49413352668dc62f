import SentenceEncoder

/// The model that a provider is asked for, and how.
package struct RemoteModel: Sendable {
    /// Its name at the provider.
    package let name: String
    /// Components that each vector must have; nil: all as many as the first.
    package let dimension: Int?
    /// Whether the provider is told the dimension, for models that can make several.
    package let sendsDimension: Bool
    /// What is put before each text, by its role.
    package let prompts: [TextRole: String]
    /// More members of each request, as JSON, by the role of its texts. One of a name that is ours stands in its place.
    let members: [TextRole: [RequestMember]]

    /// Describes a model.
    ///
    /// - Parameters:
    ///   - name: Its name at the provider.
    ///   - dimension: Components that each vector must have; nil: all as many as the first.
    ///   - sendsDimension: Whether the provider is told the dimension.
    ///   - passagePrompt: What is put before each text of a row.
    ///   - queryPrompt: What is put before each text to search with.
    ///   - members: More members of each request: name, and value as JSON.
    ///   - queryMembers: The same for texts to search with only, instead of those of the same names.
    package init(
        name: String, dimension: Int? = nil, sendsDimension: Bool = false, passagePrompt: String = "",
        queryPrompt: String = "", members: [(name: String, json: String)] = [],
        queryMembers: [(name: String, json: String)] = []
    ) throws(RemoteSettingError) {
        guard !name.isEmpty else { throw RemoteSettingError("remote.model", "is empty; name the provider's model") }
        if let dimension, !(1...ReceivedVectors.mostComponents ~= dimension) {
            throw RemoteSettingError(
                "remote.dimension", "is \(dimension); 1 to \(ReceivedVectors.mostComponents) can be used")
        }
        self.name = name
        self.dimension = dimension
        self.sendsDimension = sendsDimension
        prompts = [.passage: passagePrompt, .query: queryPrompt]
        let all = try RequestMember.read(members)
        let ofQueries = try RequestMember.read(queryMembers)
        let names = Set(ofQueries.map(\.name))
        self.members = [.passage: all, .query: all.filter { !names.contains($0.name) } + ofQueries]
    }

    /// What may be secret of the members: every text in them.
    var secrets: [String] {
        members.values.joined().flatMap { member in
            (try? JSON.parse(Array(member.json.utf8), values: 10_000)).map(Self.texts) ?? []
        }
    }

    private static func texts(in value: JSON) -> [String] {
        if let text = value.text { return text.isEmpty ? [] : [text] }
        let inner = value.elements ?? value.members?.map(\.value) ?? []
        return inner.flatMap(texts)
    }

    /// Bytes of an answer that a right one does not need: as JSON numbers, with the texts in it once more.
    func answerLimit(_ texts: [String]) -> Int {
        // "-1.2345678901234567e-10," is as long as a number gets, and may stand indented on a line of its own; a byte of text
        // is six at most ("\u001f").
        let numbers = (dimension ?? 16_384) * 48 + 1024
        return (1 << 20) + texts.count * numbers + 6 * texts.reduce(0) { $0 + $1.utf8.count }
    }
}

/// A member of a request that configuration adds.
struct RequestMember: Sendable {
    let name: String
    let json: String

    static func read(_ members: [(name: String, json: String)]) throws(RemoteSettingError) -> [RequestMember] {
        var read: [RequestMember] = []
        for (name, json) in members {
            guard !name.isEmpty, !read.contains(where: { $0.name == name }) else {
                throw RemoteSettingError("remote.body", "has a member without a name, or '\(name.prefix(40))' twice")
            }
            guard (try? JSON.parse(Array(json.utf8), values: 10_000)) != nil else {
                throw RemoteSettingError(
                    "remote.body", "has as '\(name.prefix(40))' what is not JSON; a text stands in quotation marks")
            }
            read.append(RequestMember(name: name, json: json))
        }
        return read
    }
}
