import Embedders

/// Why a table cannot be set up or kept filled: what is wrong, where, and what to do about it.
///
/// Every case is something a person has to decide or mend; what the server or the network does in between stays a
/// `PostgresError`.
package enum TableProblem: Error, Sendable, Hashable {
    /// What a column was meant to be for.
    package enum ColumnRole: String, Sendable, Hashable {
        /// It identifies a row.
        case key
        /// The text is made from it.
        case text
        /// The vectors go into it.
        case embedding
    }

    /// A table's name does not read as one.
    case invalidName(_ text: String, reason: String)
    /// A template does not read as one; `position` counts characters from 1.
    case invalidTemplate(_ text: String, position: Int, reason: String)
    /// There is no such table, or none that this role and `search_path` can see.
    case tableMissing(QualifiedName, similar: [String])
    /// The name belongs to something else: a view, a foreign table, an index.
    case notATable(String, kind: String)
    /// The table has no such column.
    case columnMissing(table: String, column: String, role: ColumnRole, similar: [String])
    /// The key column may be NULL, so that it does not identify every row.
    case keyNullable(table: String, column: String)
    /// One column is asked to be two things, such as the embedding and part of the text.
    case columnTwice(table: String, column: String, roles: [ColumnRole])
    /// Two names in the configuration are of one table.
    case tableTwice(table: String, names: [QualifiedName])
    /// The embedding column is of a type that holds no vector.
    case embeddingType(table: String, column: String, type: String)
    /// The column and the embedder disagree about how long a vector is.
    case dimensionMismatch(table: String, column: String, columnDimension: Int, embedder: EmbedderIdentity)
    /// `backfilld setup` has not run for this table.
    case notSetUp(table: String)
    /// Set-up ran for another key, embedding column or release: it has to run again.
    case setUpDiffers(table: String, what: String, recorded: String, configured: String)
    /// The vectors that are there were made by something else than what is configured.
    case identityDiffers(table: String, recorded: EmbedderIdentity, configured: EmbedderIdentity)
    /// The vectors that are there were made from other texts than those that the configuration makes.
    case recipeDiffers(table: String, recorded: String, configured: String)
    /// Somebody changed what is written into the column since this daemon looked: it must write nothing more.
    case superseded(table: String, embedder: EmbedderIdentity)
    /// A reembed of the table is under way in another process.
    case reembedRunning(table: String)
    /// A reembed has begun and not ended, and what is asked does not go with it; `what` says what it is.
    /// One in place has put its vectors among the old ones, and cannot be taken away.
    case reembedUnderWay(table: String, what: String, inPlace: Bool = false)
    /// A column of the name that a reembed needs is there.
    case columnTaken(table: String, column: String, isPrevious: Bool)
    /// These would stay with the old column when the new one takes its place.
    case dependents(table: String, column: String, objects: [String])
    /// These need the column that an earlier reembed put out of use, so that it is not dropped.
    case previousInUse(table: String, column: String, inUse: String, objects: [String])
    /// An index of the old column cannot be made for the new one.
    case indexImpossible(table: String, index: String, reason: String)
    /// The new column's type cannot be as long as the vectors.
    case columnImpossible(table: String, type: String, reason: String)
    /// Rows that have a vector got no new one, so that the columns are not swapped.
    case reembedIncomplete(table: String, rows: Int)
    /// An embedder that writes the embedding column itself can fill no other, and replace nothing row by row.
    case embedderWrites(EmbedderIdentity)
    /// The server is older than what backfilld supports.
    case serverTooOld(version: Int)
    /// A schema `backfilld` is there that set-up did not make.
    case schemaTaken
    /// The schema is of an older release: `backfilld setup` brings it up to date.
    case schemaTooOld(found: Int, needed: Int)
    /// The schema is of a newer release than this program.
    case schemaTooNew(found: Int, known: Int)
    /// The role to grant privileges to is not there.
    case roleMissing(String)
    /// The role may not do what is asked; `hint` says who may.
    case notPermitted(table: String, what: String, hint: String)
    /// Others kept the table's lock busy until time was up.
    case lockNotObtained(table: String, seconds: Int, holders: [String])
    /// Something changed in the database between looking and doing.
    case changedMeanwhile(table: String, what: String)
    /// A trigger that set-up makes is not there, is not as this release makes it, or is disabled.
    case triggerMissing(table: String, trigger: String, state: String)
    /// The index on the pending rows is not there or is invalid.
    case indexMissing(table: String, index: String, state: String)

    /// Whether other vectors belong into the column now than those that are configured.
    var isAnotherIdentity: Bool {
        switch self {
        case .identityDiffers, .recipeDiffers, .superseded: true
        default: false
        }
    }

    /// A short stable name of the case, for programs.
    package var code: String {
        switch self {
        case .invalidName: "invalid-name"
        case .invalidTemplate: "invalid-template"
        case .tableMissing: "table-missing"
        case .notATable: "not-a-table"
        case .columnMissing: "column-missing"
        case .keyNullable: "key-nullable"
        case .columnTwice: "column-twice"
        case .tableTwice: "table-twice"
        case .embeddingType: "embedding-type"
        case .dimensionMismatch: "dimension-mismatch"
        case .notSetUp: "not-set-up"
        case .setUpDiffers: "set-up-differs"
        case .identityDiffers, .recipeDiffers: "identity-differs"
        case .superseded: "superseded"
        case .reembedRunning: "reembed-running"
        case .reembedUnderWay: "reembed-under-way"
        case .columnTaken: "column-taken"
        case .dependents, .previousInUse: "dependents"
        case .indexImpossible: "index-impossible"
        case .columnImpossible: "column-impossible"
        case .reembedIncomplete: "reembed-incomplete"
        case .embedderWrites: "embedder-writes"
        case .serverTooOld: "server-too-old"
        case .schemaTaken: "schema-taken"
        case .schemaTooOld: "schema-too-old"
        case .schemaTooNew: "schema-too-new"
        case .roleMissing: "role-missing"
        case .notPermitted: "not-permitted"
        case .lockNotObtained: "lock-not-obtained"
        case .changedMeanwhile: "changed-meanwhile"
        case .triggerMissing: "trigger-missing"
        case .indexMissing: "index-missing"
        }
    }
}
