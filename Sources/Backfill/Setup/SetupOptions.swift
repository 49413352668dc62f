import Embedders

/// What `backfilld setup` is asked to do with one table.
public struct SetupOptions: Sendable, Hashable {
    /// The table.
    public var spec: TableSpec
    /// What its vectors are made with.
    public var identity: EmbedderIdentity
    /// Which wake-ups to send; nil for what was set up before, else `ids`, else, on a server with prepared
    /// transactions, `off`.
    public var notify: NotifyMode?
    /// A role to give exactly what the daemon needs.
    public var role: String?
    /// Whether to add the embedding column when it is not there.
    public var addColumn: Bool
    /// Whether to make `backfilld.search`; where it is there, it is kept up to date in any case.
    public var search: Bool
    /// The version of this program, recorded with what it makes.
    public var version: String

    /// Describes a set-up.
    public init(
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
