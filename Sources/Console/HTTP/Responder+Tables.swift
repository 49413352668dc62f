import Backfill
import Embedders
import Glibc
import HTTPTypes
import NIOCore
import PostgresClient
import SentenceEncoder
import Synchronization

/// What the endpoints about tables answer.
extension Responder {
    func tables() async throws -> ConsoleAnswer {
        let directory = try directory()
        var trees: [JSONTree] = []
        for (slot, table) in directory.all { trees.append(try await directory.search(slot, table).table.tree) }
        return .json(.ok, ["tables": .array(trees)])
    }

    func search(_ pairs: [(name: String, value: String)]) async throws -> ConsoleAnswer {
        let directory = try directory()
        var request = try SearchRequest(pairs)
        let (slot, table) = try directory.named(request.table)
        let began = ContinuousClock.now
        var embedding = Duration.zero
        if request.query.mode != .text {
            guard let gathering else {
                throw Refused(
                    .notImplemented, "the configured embedder has no vectors to search by; ask with mode=text")
            }
            request.query.vector = try await gathering.embed([request.query.text], for: .query).vectors[0]
            embedding = .now - began
        }
        do throws {
            let answer = try await directory.answer(request.query, slot, table, within: limits.search)
            var point: (x: Float, y: Float)?
            if let vector = request.query.vector { point = await maps?.point(of: vector, slot) }
            return .json(.ok, answer.tree(embedding: embedding, took: .now - began, point: point))
        } catch let problem as SearchProblem {
            if case .tookTooLong = problem { throw Refused(.gatewayTimeout, "\(problem)") }
            throw Refused.bad("\(problem)")
        }
    }

    func map(_ pairs: [(name: String, value: String)]) async throws -> ConsoleAnswer {
        let directory = try directory()
        let (slot, table) = try directory.named(try Self.table(in: pairs))
        guard let maps else { throw Refused(.notFound, "no table is watched") }
        return ConsoleAnswer(.ok, type: "application/json", .whole(try await maps.map(slot, table).body))
    }

    func quality(_ pairs: [(name: String, value: String)]) async throws -> ConsoleAnswer {
        let directory = try directory()
        let (slot, table) = try directory.named(try Self.table(in: pairs))
        guard let quality else { throw Refused(.notFound, "this daemon measures no quality") }
        return ConsoleAnswer(.ok, type: "application/json", .whole(try await quality.figures(slot, table)))
    }

    /// The table that is asked for, where nothing else can be.
    private static func table(in pairs: [(name: String, value: String)]) throws(Refused) -> String? {
        guard pairs.count <= 1, pairs.allSatisfy({ $0.name == "table" }) else {
            throw .bad("there is no such parameter; there is table, once")
        }
        return pairs.first?.value
    }

    func upsert(_ body: [UInt8]) async throws -> ConsoleAnswer {
        let directory = try directory()
        let request = try UpsertRequest(body)
        let (slot, table) = try directory.named(request.table)
        let until = ContinuousClock.now + limits.upsert
        var pause = Duration.milliseconds(20)
        while true {
            let rows: [EmbeddedRows.Row?]
            do {
                rows = try await directory.embedded(request.keys, table)
            } catch let error as PostgresError where error.hasState("22") {
                throw Refused.bad("an id is no \(table.keyType), which is the type of the table's key")
            }
            let vitals = services.vitals().tables[slot]
            let why = vitals.flatMap { Self.whyNothingComes($0) }
            let outcome = UpsertRequest.Outcome(rows, why: why ?? "the daemon goes on with them")
            let isLate = until <= .now || isStopping.load(ordering: .relaxed)
            if outcome.waiting == 0 || why != nil || isLate { return .json(.ok, request.answer(outcome)) }
            await services.announce(slot, rows.compactMap { $0?.isEmbedded == false ? $0?.key : nil })
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(500))
        }
    }

    /// Why rows of a table are not embedded for now.
    private static func whyNothingComes(_ table: Vitals.Table) -> String? {
        if table.pausedSince != nil { return "the table is paused" }
        return table.complaint == nil ? nil : "the daemon has trouble with the table, see /api/status"
    }

    func status() async -> ConsoleAnswer { .json(.ok, await statusTree()) }

    func statusTree() async -> JSONTree {
        let counts = services.tally.counts
        let standing = await directoryIfAny?.standing(embedded: counts.tables.mapValues(\.written)) ?? [:]
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let report = StatusReport(
            vitals: services.vitals(), counts: counts, standing: standing, statusLine: services.statusLine(),
            version: services.version, now: .now, seconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
        await directoryIfAny?.told(report.totals, of: standing)
        return report.tree
    }

    /// Rows that were written, as the page shows them.
    func writtenTree(_ slot: Int32, _ keys: [RowKey]) async -> JSONTree? {
        guard let directory = directoryIfAny, let name = services.vitals().tables[slot]?.name,
            let rows = try? await directory.rows(keys, slot), !rows.isEmpty
        else { return nil }
        let points = await maps?.points(of: keys, slot) ?? [:]
        return [
            "table": .string(name),
            "rows": .array(
                rows.map { row in
                    [
                        "key": .string(row.key), "title": .string(row.title), "category": .optional(row.category),
                        "point": .point(points[row.key]),
                    ]
                }),
        ]
    }

    func events() -> ConsoleAnswer {
        var answer = ConsoleAnswer(
            .ok, type: "text/event-stream",
            .stream { [feed] write in
                for await event in await feed.watch() { try await write(event) }
            })
        // A proxy may not keep events back until it has many.
        answer.fields[HTTPField.Name("X-Accel-Buffering")!] = "no"
        return answer
    }

    private func directory() throws -> TableDirectory {
        guard let directoryIfAny else { throw Refused(.notFound, "no table is watched") }
        return directoryIfAny
    }
}
