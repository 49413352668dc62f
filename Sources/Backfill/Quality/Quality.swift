import Embedders
import PostgresClient

/// Measures how good a table's vectors are, and the search among them.
///
/// It reads and keeps figures, and changes nothing else: each look at the table is a short transaction that can only read,
/// and none is open while a model works.
package struct Quality: Sendable {
    let table: WatchedTable
    let embedding: QualityEmbedding?
    let options: QualityOptions
    private let withoutEmbedding: String

    /// - Parameters:
    ///   - table: A table that is set up.
    ///   - embedding: What embeds texts again; nil to leave out the figures that need it.
    ///   - withoutEmbedding: Why there is none, as a sentence.
    ///   - options: What is to be measured.
    package init(
        _ table: WatchedTable, embedding: QualityEmbedding?, withoutEmbedding: String = "Nothing was embedded for it.",
        _ options: QualityOptions = QualityOptions()
    ) {
        self.table = table
        self.embedding = embedding
        self.withoutEmbedding = withoutEmbedding
        self.options = options
    }

    var dimension: Int { table.dimension ?? table.identity.dimension }

    /// Measures. It takes some seconds: those of embedding some hundred texts, and of some hundred searches.
    ///
    /// - Parameter connection: A connection of a ``SessionFactory`` that is free.
    /// - Throws: `PostgresError`; `CancellationError`. That texts cannot be embedded is said by the figures.
    package func report(on connection: PostgresConnection) async throws -> QualityReport {
        let began = ContinuousClock.now
        var history = try await QualityHistory.load(table, isWanted: options.isKept, on: connection)
        let status = try await TableStatus.load(table, on: connection)
        let shape = try await SearchShape.load(table, on: connection)
        let sample = try await sample(status, on: connection)
        let textless = try await textless(sample.zeros, shape, on: connection)
        let again = try await embedAgain(sample, shape, on: connection)

        let searching = QualitySearching(self, shape, on: connection)
        let probes = again.probes.isEmpty ? ownProbes(sample) : again.probes
        let truths = try await searching.exact(probes)
        var retrieval = QualityRetrieval(problem: again.problem ?? truths.problem)
        for (probe, truth) in zip(probes, truths.truths) {
            guard let question = probe.question else { continue }
            let title = question.kind == .title ? probe.title : nil
            retrieval.ranks.append(.init(key: probe.key, rank: truth.rank(title: title)))
            retrieval.kinds.append(question.kind)
        }
        var index = try await searching.index(probes, truths.truths)
        index.exact = truths.sweep
        if truths.truths.isEmpty { index.problem = truths.problem ?? "There was nothing to ask the index for." }
        index.numbers = status.embedded * dimension
        let isWhole = status.rowsAreExact && sample.looked >= status.embedded
        var neighbours: QualityNeighbours?
        if !isWhole {
            // Where rows were asked for by their own vectors, what is nearest to them is known already.
            neighbours =
                again.probes.isEmpty
                ? QualityNeighbours(truths.truths) : try await searching.neighbours(ownProbes(sample))
        }

        let normalized = table.identity.traits["normalized"].map { $0 == "yes" } ?? again.agreement.isNormalized
        let twins = sample.twins()
        let centroid = sample.centroid
        let pairs = 20_000
        let figures: [QualityFigure] = [
            .coverage(status, history: history),
            .staleness(status),
            .norms(sample, isNormalized: normalized),
            .directionless(sample, textless: textless.count, lookedCloser: textless.looked),
            .duplicates(twins, isWhole: isWhole, neighbours: neighbours),
            .nearDuplicates(twins, isWhole: isWhole, neighbours: neighbours),
            .anisotropy(sample, cosines: sample.cosines(pairs: pairs, seed: options.seed)),
            .effectiveDimension(sample, sample.effectiveDimension(pairs: pairs, seed: options.seed)),
            .agreement(again.agreement, model: "\(table.identity.embedder):\(table.identity.model)"),
            .selfRetrieval(retrieval),
            .recall(index, norms: Distribution(sample.norms.filter { $0 > 0 })),
            .latency(index),
            .drift(centroid, rows: sample.count, history: history),
        ]
        do {
            try await history.keep(figures, centroid: centroid, of: table, on: connection)
        } catch let error as PostgresError where error.hasState("42501") || error.hasState("25006") {
            history.cannotKeep("this role may not write to backfilld.quality")
        }
        return QualityReport(
            table: table.displayName, at: history.moment,
            embedder: "\(table.identity.embedder):\(table.identity.model)", sampled: sample.looked,
            took: ((.now - began) / .microseconds(1)).rounded() / 1000, notKept: history.obstacle, figures: figures,
            history: history.with(figures))
    }

    /// What the vectors of a sample are, when they are made again.
    private struct Again {
        var agreement = QualityAgreement()
        var probes: [QualityProbe] = []
        /// Why nothing could be asked.
        var problem: String?
    }

    /// Embeds texts of the sample again, as they are stored and as they are asked for.
    private func embedAgain(
        _ sample: VectorSample, _ shape: SearchShape, on connection: PostgresConnection
    ) async throws -> Again {
        var again = Again()
        guard let embedding else {
            again.agreement.problem = withoutEmbedding
            again.problem = withoutEmbedding
            return again
        }
        let keys = sample.keys.prefix(max(options.recomputed, options.questions))
        var asked: [QualityProbe] = []
        do {
            for start in stride(from: 0, to: keys.count, by: Self.page) {
                let page = Array(keys[start..<min(start + Self.page, keys.count)])
                let rows = try await self.rows(page, shape, on: connection)
                let texts = rows.filter { !$0.text.isEmpty }
                again.agreement.textless += rows.count - texts.count
                if again.agreement.rows.count < options.recomputed, !texts.isEmpty {
                    let vectors = try await embedding.passages(texts.map(\.text))
                    let areOfLengthOne = vectors.allSatisfy {
                        abs(VectorSample.norm($0) - 1) <= QualityScale.normTolerance
                    }
                    again.agreement.isNormalized = areOfLengthOne && again.agreement.isNormalized ?? true
                    for (row, vector) in zip(texts, vectors) {
                        again.agreement.rows.append(
                            .init(key: row.key, cosine: row.vector.flatMap { VectorSample.cosine($0, vector) }))
                    }
                }
                for row in texts where asked.count < options.questions {
                    guard let question = QualityQuestion.of(title: row.title, text: row.text) else { continue }
                    asked.append(QualityProbe(key: row.key, vector: [], question: question, title: row.title))
                }
            }
            for start in stride(from: 0, to: asked.count, by: Self.page) {
                let page = asked[start..<min(start + Self.page, asked.count)]
                let vectors = try await embedding.queries(page.compactMap(\.question?.text))
                for (probe, vector) in zip(page, vectors) where vector.count == dimension {
                    var probe = probe
                    probe.vector = vector
                    again.probes.append(probe)
                }
            }
        } catch let error as PostgresError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            let why = "The texts could not be embedded: \(embedding.explain(error))"
            again.agreement.problem = why
            again.problem = why
        }
        return again
    }

    /// Rows of the sample that are asked for by their own vectors.
    private func ownProbes(_ sample: VectorSample) -> [QualityProbe] {
        (0..<min(sample.count, options.questions)).map { row in
            QualityProbe(key: sample.keys[row], vector: sample.vector(row), question: nil, title: nil)
        }
    }

    /// Rows that are read and embedded at once.
    static let page = 50
}

/// A row that search is asked for.
struct QualityProbe: Sendable, Hashable {
    let key: String
    var vector: [Float]
    /// What part of the row the vector is of; nil for the row's own vector.
    let question: QualityQuestion?
    let title: String?
}
