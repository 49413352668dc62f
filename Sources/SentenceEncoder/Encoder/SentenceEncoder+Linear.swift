extension SentenceEncoder {
    /// Computes the linear layers alone, in the groups that `encode` would make of these texts: the measure of how much
    /// everything else costs. There is no result.
    package func multiplyOnly(_ texts: [String]) async throws {
        let lengths = texts.flatMap { sequencer.sequences(of: $0, prompt: "").windows.map(\.count) }
        let groups = GroupPlan.groups(lengths, lanes: lanes.count, capacity: capacity)
        try await lanes.run(groups.count) { workspace, number in
            let rows = (groups[number].reduce(0) { $0 + lengths[$1] } + 7) / 8 * 8
            for layer in workspace.network.layers {
                try workspace.multiply(.attentionInput, layer.attentionInput, rows: rows)
                try workspace.multiply(.attentionOutput, layer.attentionOutput, rows: rows)
                try workspace.multiply(.intermediate, layer.intermediate, rows: rows)
                try workspace.multiply(.output, layer.output, rows: rows)
            }
        }
    }
}
