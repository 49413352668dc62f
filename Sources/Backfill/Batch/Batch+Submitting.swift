import Embedders

/// The middle of the line where the embedder writes the table itself.
extension Batch {
    /// Hands rows over; the vectors that came back are to be written, the report has what became of the others.
    ///
    /// Rows that got nothing, by nobody's fault so far, are in line again.
    func submit(
        _ texts: [PendingRow], to submitter: RowSubmitter, _ report: inout Report
    ) async throws -> [EmbeddedRow] {
        var vectors: [EmbeddedRow] = []
        var left: [PendingRow] = []
        for call in Self.calls(texts, rows: embedder.limits.rows, bytes: bytes) {
            var failure: (any Error)?
            do {
                let result = try await submitter.submit(Array(call))
                report.embedded += result.embedded
                report.outcomes.merge(result.outcomes) { $1 }
                vectors += result.vectors
                left += result.left
                failure = result.error
            } catch let problem as TableProblem {
                throw problem
            } catch {
                left += call
                failure = error
            }
            if let failure {
                try report.end(with: failure, leaving: left + texts[call.endIndex...], of: texts.count)
                return vectors
            }
        }
        report.leave(left)
        return vectors
    }
}
