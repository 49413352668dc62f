import Backfill

/// What `backfilld index` says of a table.
struct IndexReport: Encodable {
    /// An index that is there.
    struct Index: Encodable {
        let name: String
        let table: String
        let method: String
        let operatorClass: String
        let options: [String: String]
        let bytes: Int64
        let isUsed: Bool
        let obstacle: String?
    }

    let table: String
    let rows: Int
    let dimension: Int
    let verdict: IndexAdvice.Verdict
    let reason: String
    let indexes: [Index]
    let method: String?
    let parameters: [String: Int]
    let buildBytes: Int64?
    let maintenanceWorkMem: Int64
    let sql: [String]

    init(_ facts: IndexFacts, _ advice: IndexAdvice, _ plan: SetupPlan) {
        table = facts.table
        rows = facts.rows
        dimension = facts.dimension
        verdict = advice.verdict
        reason = advice.reason
        let used = facts.used
        indexes = facts.indexes.map { index in
            Index(
                name: index.name, table: index.table.description, method: index.method,
                operatorClass: index.operatorClass, options: index.options, bytes: index.bytes, isUsed: index == used,
                obstacle: index.obstacle)
        }
        method = advice.choice?.method
        parameters = Dictionary((advice.choice?.options ?? []).map { ($0.name, $0.value) }) { first, _ in first }
        buildBytes = advice.choice?.memory
        maintenanceWorkMem = facts.memory
        sql = plan.steps.map(\.sql)
    }

    /// For people.
    var text: String {
        var lines = [table, "  rows       ≈ \(rows.grouped), \(dimension.grouped) dimensions"]
        for (number, index) in indexes.enumerated() {
            let options = index.options.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
            var line =
                (number == 0 ? "  indexes    " : "             ")
                + "\(index.name): \(index.method), \(index.operatorClass)"
            if !options.isEmpty { line += ", " + options.joined(separator: ", ") }
            if index.bytes > 0 { line += ", \(Self.size(index.bytes))" }
            line +=
                index.obstacle.map { "; not used by search: \($0)" }
                ?? (index.isUsed ? "; search can go through it" : "")
            lines.append(line)
        }
        if indexes.isEmpty { lines.append("  indexes    none on the vectors") }
        lines.append("  advice     \(Self.word(verdict)): \(reason)")
        if let method, verdict == .build || verdict == .rebuild {
            let options = parameters.sorted { $0.key > $1.key }.map { "\($0.key) = \($0.value)" }
            lines.append("             \(method) with \(options.joined(separator: ", "))")
            let bytes = buildBytes ?? 0
            lines.append(
                "  memory     the build takes about \(Self.size(bytes)); maintenance_work_mem is \(Self.size(maintenanceWorkMem))"
                    + (bytes > maintenanceWorkMem ? ": slow, unless --memory \(max(1, bytes >> 20) + 64)MB" : ""))
        }
        for (number, statement) in sql.enumerated() {
            lines.append((number == 0 ? "  to do      " : "             ") + statement)
        }
        if !sql.isEmpty { lines.append("             which does: backfilld index --create") }
        return terminalText(lines)
    }

    private static func word(_ verdict: IndexAdvice.Verdict) -> String {
        switch verdict {
        case .good: "nothing to do"
        case .notNeeded: "none needed yet"
        case .build: "build one"
        case .rebuild: "build it anew"
        case .underWay: "wait"
        case .impossible: "none possible"
        }
    }

    /// `1.2 GB`, `64 MB`, `8 kB`.
    static func size(_ bytes: Int64) -> String {
        let units: [(Int64, String)] = [(1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")]
        for (unit, name) in units where bytes >= unit {
            let value = Double(bytes) / Double(unit)
            return SearchText.fixed(value, value < 10 ? 1 : 0) + " " + name
        }
        return "\(bytes) bytes"
    }
}
