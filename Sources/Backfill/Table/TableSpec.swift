/// What configuration says about a table to keep filled.
public struct TableSpec: Sendable, Hashable {
    /// The table.
    public let name: QualifiedName
    /// The column that identifies a row.
    public let key: String
    /// The column that the vectors go into.
    public let embedding: String
    /// What each row's text is made from.
    public let recipe: TextRecipe

    /// Describes a table.
    public init(name: QualifiedName, key: String, embedding: String, recipe: TextRecipe) {
        self.name = name
        self.key = key
        self.embedding = embedding
        self.recipe = recipe
    }
}
