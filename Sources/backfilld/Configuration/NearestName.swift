import Backfill

/// The candidate that was probably meant, or nil if none is near enough.
///
/// Case and separators don't count (`batch.in_flight`, `batch-inflight`), and a last part that
/// only one candidate has is enough (`rows`, `rowsPerBatch.rows`).
func nearestName(to name: String, among candidates: [String]) -> String? {
    // Longer than any name: no slip of the finger, and the distance costs the product of the lengths.
    guard name.utf8.count <= 64 else { return nil }
    let plain = separatorsRemoved(name)
    let farthest = max(1, min(3, plain.utf8.count / 4))
    var best: (name: String, distance: Int)?
    for candidate in candidates {
        let other = separatorsRemoved(candidate)
        guard abs(other.utf8.count - plain.utf8.count) <= farthest else { continue }
        let distance = editDistance(plain, other)
        if distance <= farthest, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    if let best { return best.name }
    let sameEnd = candidates.filter { lastPart($0) == lastPart(name) }
    return sameEnd.count == 1 ? sameEnd[0] : nil
}

private func separatorsRemoved(_ name: String) -> String {
    name.lowercased().filter { $0 != "." && $0 != "_" && $0 != "-" }
}

private func lastPart(_ name: String) -> String {
    name.split(whereSeparator: { $0 == "." || $0 == "_" || $0 == "-" }).last?.lowercased() ?? ""
}
