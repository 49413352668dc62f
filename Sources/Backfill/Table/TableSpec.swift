/// What configuration says about a table to keep filled.
package struct TableSpec: Sendable, Hashable {
    /// The table.
    package let name: QualifiedName
    /// The column that identifies a row.
    package let key: String
    /// The column that the vectors go into.
    package let embedding: String
    /// What each row's text is made from.
    package let recipe: TextRecipe

    /// Describes a table.
    package init(name: QualifiedName, key: String, embedding: String, recipe: TextRecipe) {
        self.name = name
        self.key = key
        self.embedding = embedding
        self.recipe = recipe
    }
}
