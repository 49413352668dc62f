@testable import Backfill
import Embedders

/// A table like music_knowledge, as the catalogs would describe it, for tests to change one thing of.
enum Fixture {
    static let hash = EmbedderIdentity(embedder: "hash", model: "sha256-sincos", dimension: 384)

    static var spec: TableSpec {
        TableSpec(
            name: QualifiedName(name: "music_knowledge"), key: "id", embedding: "embedding",
            recipe: .columns(["topic", "suggestion"]))
    }

    static var options: SetupOptions { SetupOptions(spec: spec, identity: hash, version: "0.1.0") }

    static func column(_ name: String, _ type: String = "text") -> TableShape.Column {
        TableShape.Column(
            name: name, type: type, castType: type, castTypeOID: 25, typeName: type, typeSchema: "pg_catalog")
    }

    static var embedding: TableShape.Column {
        TableShape.Column(
            name: "embedding", type: "extensions.vector(384)", castType: "extensions.vector", castTypeOID: 16_400,
            typeName: "vector", typeSchema: "extensions", modifier: 384)
    }

    static var table: TableShape {
        var shape = TableShape(relation: 1000, name: QualifiedName(schema: "public", name: "music_knowledge"))
        var key = column("id", "uuid")
        key.isNotNull = true
        key.isUnique = true
        key.isIndexed = true
        shape.columns = [key, column("topic"), column("suggestion", "jsonb"), column("category"), embedding]
        return shape
    }

    /// Root, one leaf, one partitioned partition with a leaf of its own.
    static var partitioned: TableShape {
        var shape = table
        shape.isPartitioned = true
        let name = { (name: String) in QualifiedName(schema: "public", name: name) }
        shape.partitions = [
            .init(relation: 1001, parent: 1000, name: name("eu"), kind: .leaf),
            .init(relation: 1002, parent: 1000, name: name("us"), kind: .partitioned),
            .init(relation: 1003, parent: 1002, name: name("us_1"), kind: .leaf),
        ]
        return shape
    }

    static var facts: DatabaseFacts {
        var facts = DatabaseFacts()
        facts.database = "music"
        facts.role = "owner"
        facts.vectorSchema = "extensions"
        return facts
    }

    /// The facts after set-up ran.
    static var factsAfter: DatabaseFacts {
        var facts = facts
        facts.hasSchema = true
        facts.migrations = Migration.all.map(\.version)
        facts.nextWatch = 2
        return facts
    }

    /// The table after set-up ran for these options.
    static func after(_ options: SetupOptions, _ before: TableShape, notify: NotifyMode = .ids) -> TableShape {
        var shape = before
        shape.watch = .init(
            id: 1, key: options.spec.key, embedding: options.spec.embedding, recipe: options.spec.recipe.description,
            identity: options.identity, notify: notify, version: options.version)
        let set = TriggerSet(
            watch: 1, spec: options.spec, notify: notify, kind: .vector(schema: "extensions"), shape: before)
        for function in set.functions {
            shape.functions[function.name] = .init(body: "\n\(function.body)\n", comment: function.comment)
        }
        shape.triggers = set.triggers.map { trigger in
            .init(
                relation: trigger.relation, name: trigger.name, isOurs: true, function: trigger.function,
                enabled: trigger.firesAlways ? "A" : "O", hasNewTable: trigger.hasNewTable, isInherited: false)
        }
        shape.indexes = shape.relations.map { relation in
            let parent = before.partitions.first { $0.relation == relation }?.parent
            return .init(
                relation: relation, index: relation + 5000,
                name: QualifiedName(
                    schema: "public",
                    name: parent == nil ? "backfilld_pending_1" : "backfilld_pending_1_\(relation)"),
                isValid: true, parent: parent.map { $0 + 5000 }, isOnEmbedding: true)
        }
        return shape
    }
}
