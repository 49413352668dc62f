/// The folder in which systemd lets the service keep what outlives a process.
package enum StateDirectory {
    /// The first of the folders in `STATE_DIRECTORY`, which is ours; nil where the unit has none, or there is no unit.
    ///
    /// Source: systemd.exec(5), `StateDirectory=`.
    package static func path(in environment: [String: String]) -> String? {
        environment["STATE_DIRECTORY"]?.split(separator: ":").first.map(String.init)
    }
}
