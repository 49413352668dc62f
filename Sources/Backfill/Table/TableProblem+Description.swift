import Embedders

extension TableProblem: CustomStringConvertible {
    /// What is wrong and where, and what to do, in sentences.
    package var description: String { "\(summary). \(remedy)" }

    /// What is wrong and where.
    package var summary: String {
        switch self {
        case .invalidName(let text, let reason):
            "\"\(text)\" is not a table's name: \(reason)"
        case .invalidTemplate(let text, let position, let reason):
            "the template \"\(text)\" is wrong at character \(position): \(reason)"
        case .tableMissing(let name, _):
            name.schema == nil
                ? "there is no table \(name) in the schemas of search_path" : "there is no table \(name)"
        case .notATable(let name, let kind):
            "\(name) is \(kind), not a table"
        case .columnMissing(let table, let column, let role, _):
            "table \(table) has no column \"\(column)\", which is configured as \(Self.phrase(role))"
        case .keyNullable(let table, let column):
            "column \"\(column)\" of table \(table) may be NULL, so it cannot be the key"
        case .columnTwice(let table, let column, let roles):
            "column \"\(column)\" of table \(table) is configured as "
                + roles.map(Self.phrase).joined(separator: " and as ")
        case .tableTwice(let table, let names):
            "table \(table) is configured twice, as " + names.map(\.description).joined(separator: " and as ")
        case .embeddingType(let table, let column, let type):
            "column \"\(column)\" of table \(table) is of type \(type), which holds no vector"
        case .dimensionMismatch(let table, let column, let dimension, let embedder):
            "column \"\(column)\" of table \(table) holds vectors of \(dimension) components, and "
                + "\(embedder.embedder) with \(embedder.model) makes vectors of \(embedder.dimension)"
        case .notSetUp(let table):
            "table \(table) is not set up"
        case .setUpDiffers(let table, let what, let recorded, let configured):
            "table \(table) was set up with \(what) \(recorded), and the configuration says \(configured)"
        case .identityDiffers(let table, let recorded, let configured):
            "the vectors of table \(table) were made by \(recorded.summary), and the configuration says "
                + "\(configured.summary): " + recorded.differences(from: configured).joined(separator: "; ")
        case .recipeDiffers(let table, let recorded, let configured):
            "the vectors of table \(table) were made with the text recipe \"\(recorded)\", and the configuration says "
                + "\"\(configured)\""
        case .superseded(let table, let embedder):
            "the embedding column of table \(table) takes no more vectors from this process, which embeds by "
                + "\(embedder.summary): \"backfilld reembed\" or \"backfilld setup\" has changed what belongs there"
        case .reembedRunning(let table):
            "another process is embedding table \(table) anew"
        case .reembedUnderWay(let table, let what, _):
            "table \(table) is being embedded anew: \(what)"
        case .columnTaken(let table, let column, let isPrevious):
            "table \(table) has a column \"\(column)\""
                + (isPrevious ? ", which an earlier reembed put out of use and kept" : " already")
        case .dependents(let table, let column, let objects):
            "these would stay with the old column when another takes the place of \"\(column)\" of table \(table): "
                + objects.joined(separator: "; ")
        case .previousInUse(let table, let column, _, let objects):
            "column \"\(column)\" of table \(table) is not dropped, because these use it: "
                + objects.joined(separator: "; ")
        case .indexImpossible(let table, let index, let reason):
            "index \(index) on table \(table) cannot be made for the new vectors: \(reason)"
        case .columnImpossible(let table, let type, let reason):
            "table \(table) cannot have a column of type \(type): \(reason)"
        case .reembedIncomplete(let table, let rows):
            "\(rows) row\(rows == 1 ? "" : "s") of table \(table) got no vector of the new model, so the old column stays in its place"
        case .embedderWrites(let embedder):
            "the endpoint of embedder \(embedder.embedder) writes the embedding column itself, and can fill no other"
        case .serverTooOld(let version):
            "the server is PostgreSQL \(version / 10_000)"
        case .schemaTaken:
            "there is a schema \"backfilld\" that \"backfilld setup\" did not make"
        case .schemaTooOld(let found, let needed):
            "schema backfilld is of version \(found), and this program needs \(needed)"
        case .schemaTooNew(let found, let known):
            "schema backfilld is of version \(found), and this program knows them up to \(known)"
        case .roleMissing(let role):
            "there is no role \"\(role)\""
        case .notPermitted(let table, let what, _):
            "this role may not \(what) (\(table))"
        case .lockNotObtained(let table, let seconds, let holders):
            "table \(table) was never free for a moment in \(seconds) s"
                + (holders.isEmpty ? "" : "; it is used by " + holders.joined(separator: ", "))
        case .changedMeanwhile(let table, let what):
            "\(what) while backfilld was changing table \(table)"
        case .triggerMissing(let table, let trigger, let state):
            "trigger \(trigger) on \(table) \(state)"
        case .indexMissing(let table, let index, let state):
            "index \(index) on \(table) \(state)"
        }
    }

    /// What to do about it.
    package var remedy: String {
        switch self {
        case .invalidName:
            "Write it as SQL would: music_knowledge, public.music_knowledge, \"My Schema\".\"Odd \"\"Table\"\"\""
        case .invalidTemplate:
            "A template looks like {topic}. {suggestion.title}: {suggestion.description}"
        case .tableMissing(let name, let similar):
            Self.suggestion(similar) ?? "Check the name and the database"
                + (name.schema == nil ? ", or name the schema: schema.\(QualifiedName.readable(name.name))" : "")
        case .notATable:
            "Name a table or a partitioned table"
        case .columnMissing(_, _, let role, let similar):
            Self.suggestion(similar)
                ?? (role == .embedding
                    ? "\"backfilld setup --add-column\" adds it" : "Correct the configuration, or add the column")
        case .keyNullable(_, let column):
            "Name a column that is NOT NULL and unique, as a primary key is, or make this one so: "
                + "ALTER TABLE … ALTER COLUMN \(QualifiedName.readable(column)) SET NOT NULL"
        case .columnTwice:
            "Give each its own column"
        case .tableTwice:
            "Take one of them out of the configuration"
        case .embeddingType:
            "It has to be vector(n) or halfvec(n) (pgvector), or real[]; \"backfilld setup --add-column\" adds such a "
                + "column under another name"
        case .dimensionMismatch:
            "Configure the embedder that the column was made for; or run \"backfilld reembed\", which gives the table "
                + "vectors of the new one while search goes on in the old; or change the column's type and run "
                + "\"backfilld setup\""
        case .notSetUp:
            "Run \"backfilld setup\" as the table's owner"
        case .setUpDiffers:
            "Run \"backfilld setup\" again, or configure what was set up"
        case .identityDiffers(_, let recorded, _):
            "Vectors of both kinds cannot be compared. Run \"backfilld reembed\" with the new configuration: it embeds "
                + "all rows anew while search goes on (where no row has a vector yet, \"backfilld setup\" does). Or configure \(recorded.embedder) with \(recorded.model) again, as "
                + "it was"
        case .recipeDiffers(_, let recorded, _):
            "Vectors of both kinds cannot be compared. Configure \"\(recorded)\" again; or set the column to NULL in "
                + "every row and run \"backfilld setup\", and all of it is embedded anew"
        case .superseded:
            "Nothing wrong was written, and nothing is lost. Start it again: it reads its configuration then, which has "
                + "to name the new model"
        case .reembedRunning:
            "Wait for it, or end that process: whoever runs \"backfilld reembed\" then goes on where it was"
        case .reembedUnderWay(_, _, inPlace: true):
            "Go on with it by \"backfilld reembed\" with the model that it began with; or configure the model that the "
                + "table is to have and run \"backfilld reembed --in-place\", which begins again"
        case .reembedUnderWay:
            "Go on with it by \"backfilld reembed\" with the model that it began with, or take it away by \"backfilld "
                + "reembed --abandon\""
        case .columnTaken(_, let column, let isPrevious):
            isPrevious
                ? "\"backfilld reembed --drop-old\" drops it"
                : "Rename or drop column \(QualifiedName.readable(column))"
        case .dependents:
            "Drop them, run \"backfilld reembed\" again, and make them again after the swap; where the dimension stays "
                + "the same, --in-place goes without a swap"
        case .previousInUse(_, _, let inUse, _):
            "Drop them, or make them again with column \(QualifiedName.readable(inUse)), and run it again"
        case .indexImpossible(_, let index, _):
            "Nothing was changed. Drop index \(QualifiedName.readable(index)), or make it one that the new vectors can "
                + "have (hnsw and ivfflat take 2,000 dimensions of vector, and 4,000 of halfvec)"
        case .columnImpossible:
            "Nothing was changed. Configure a model of fewer dimensions, or make the embedding column real[]"
        case .embedderWrites:
            "Run \"backfilld reembed\" with another embedder. To have this one make its own vectors anew, set them to NULL"
        case .reembedIncomplete:
            "See the reasons above, mend what they say, and run \"backfilld reembed\" again; or set the embedding of "
                + "these rows to NULL"
        case .serverTooOld:
            "backfilld needs 13 or later"
        case .schemaTaken:
            "Rename that schema, or use another database"
        case .schemaTooOld:
            "Run \"backfilld setup\" with this release"
        case .schemaTooNew:
            "Use the newer release of backfilld that the database was set up with"
        case .roleMissing(let role):
            "Create it first: CREATE ROLE \(QualifiedName.readable(role)) LOGIN"
        case .notPermitted(_, _, let hint):
            hint
        case .lockNotObtained:
            "Nothing was changed, and no writer waited longer than a moment. Run it again when the long transactions "
                + "have ended"
        case .changedMeanwhile:
            "Run it again: it looks anew"
        case .triggerMissing(_, let trigger, _):
            "Run \"backfilld setup\" as the table's owner; until then "
                + (trigger.contains("cleared")
                    ? "a row whose text changes keeps the embedding of its old text"
                    : "rows that come here are found by the slow sweep only")
        case .indexMissing:
            "Run \"backfilld setup\" as the table's owner; until then every look for pending rows reads the whole table"
        }
    }

    private static func phrase(_ role: ColumnRole) -> String {
        switch role {
        case .key: "the key"
        case .text: "part of the text"
        case .embedding: "the embedding column"
        }
    }

    private static func suggestion(_ names: [String]) -> String? {
        names.isEmpty ? nil : "Did you mean " + names.joined(separator: " or ") + "?"
    }
}
