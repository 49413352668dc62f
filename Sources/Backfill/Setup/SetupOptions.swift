import Embedders

/// What `backfilld setup` is asked to do with one table.
package struct SetupOptions: Sendable, Hashable {
    /// The table.
    package var spec: TableSpec
    /// What its vectors are made with.
    package var identity: EmbedderIdentity
    /// Which wake-ups to send; nil for what was set up before, else `ids`, else, on a server with prepared
    /// transactions, `off`.
    package var notify: NotifyMode?
    /// A role to give exactly what the daemon needs.
    package var role: String?
    /// Whether to add the embedding column when it is not there.
    package var addColumn: Bool
    /// Whether to make `backfilld.search`; where it is there, it is kept up to date in any case.
    package var search: Bool
    /// The version of this program, recorded with what it makes.
    package var version: String

    /// Describes a set-up.
    package init(
        spec: TableSpec, identity: EmbedderIdentity, notify: NotifyMode? = nil, role: String? = nil,
        addColumn: Bool = false, search: Bool = false, version: String
    ) {
        self.spec = spec
        self.identity = identity
        self.notify = notify
        self.role = role
        self.addColumn = addColumn
        self.search = search
        self.version = version
    }
}
