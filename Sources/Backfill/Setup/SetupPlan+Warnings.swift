import Embedders

extension SetupPlan {
    /// Says what a person should know about this table before it is watched.
    mutating func warn(_ options: SetupOptions, watch: Int32, notify: NotifyMode, shape: TableShape) {
        let spec = options.spec
        if let key = shape.column(spec.key) {
            if !key.isIndexed {
                warnings.append(
                    "No index starts with the key column \"\(spec.key)\": every batch reads the whole table to find "
                        + "its rows. CREATE UNIQUE INDEX CONCURRENTLY on it.")
            } else if !key.isUnique && !shape.isPartitioned {
                warnings.append(
                    "The key column \"\(spec.key)\" has no unique index of its own: rows with equal keys are told "
                        + "apart by their text only.")
            }
        }
        // The server sorts names by their bytes.
        let cleared = TriggerSet.clearedName(watch)
        for trigger in shape.triggers
        where !trigger.isOurs && trigger.relation == shape.relation
            && cleared.utf8.lexicographicallyPrecedes(trigger.name.utf8)
        {
            warnings.append(
                "Trigger \"\(trigger.name)\" runs after the one that clears the embedding: if it changes the text, the "
                    + "old embedding stays until the next change. Rename it to sort before \"\(cleared)\".")
        }
        if shape.hasChildren {
            warnings.append(
                "Other tables inherit from \(shape.displayName): their rows are filled too, but changes made straight "
                    + "in them are neither noticed at once nor clear an old embedding.")
        }
        if shape.hasForeignPartition {
            warnings.append(
                "A partition is a foreign table: inserts through its parents wake the daemon without naming their "
                    + "rows, and there is no index on its pending rows.")
        }
        if shape.isPartitioned && notify == .ids && shape.watch == nil {
            notes.append(
                "COPY into a partitioned table is slower when a trigger names the new rows; --set notify=wake avoids that."
            )
        }
        if let grantee = options.role, shape.hasRowSecurity, !shape.restrictivePolicies.isEmpty,
            shape.grantee?.ignoresRowSecurity != true
        {
            warnings.append(
                "Restrictive policies (\(shape.restrictivePolicies.joined(separator: ", "))) bind \(grantee) as well: "
                    + "rows that they hide are never filled.")
        }
        if shape.watch == nil, shape.isFilled == true {
            notes.append(
                "Column \"\(spec.embedding)\" has vectors already: they are kept, and taken to be made by "
                    + "\(options.identity.embedder) with \(options.identity.model).")
        }
    }
}
