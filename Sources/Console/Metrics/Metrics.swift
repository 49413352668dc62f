import Backfill

/// Renders what was counted, and how the daemon is, for Prometheus: pure. docs/metrics.md explains each.
enum Metrics {
    /// The content type that Prometheus expects of this format.
    static let type = "text/plain; version=0.0.4; charset=utf-8"

    static func text(
        _ counts: Tally.Counts, _ vitals: Vitals, version: String, embedder: String, up: Duration,
        at now: ContinuousClock.Instant
    ) -> String {
        var metrics = MetricsText()
        metrics.begin("backfilld_info", "gauge", "Always 1; the release and the embedder are its labels.")
        metrics.sample(1, [("version", version), ("embedder", embedder)])
        metrics.begin("backfilld_uptime_seconds", "gauge", "Seconds since the daemon began.")
        metrics.sample(up.inSeconds)
        metrics.begin("backfilld_ready", "gauge", "1 when tables are listened to and were looked at.")
        metrics.sample(vitals.isReady ? 1 : 0)
        tables(vitals, at: now, &metrics)
        batches(counts, &metrics)
        listener(counts, vitals, &metrics)
        embedding(counts, at: now, &metrics)
        console(counts, &metrics)
        return metrics.text
    }

    private static func tables(
        _ vitals: Vitals, at now: ContinuousClock.Instant, _ metrics: inout MetricsText
    ) {
        let tables = vitals.tables.sorted { $0.value.name < $1.value.name }
        func each(_ name: String, _ type: String, _ help: String, _ value: (Vitals.Table) -> Double) {
            metrics.begin(name, type, help)
            for (_, table) in tables { metrics.sample(value(table), [("table", table.name)]) }
        }
        each("backfilld_rows_embedded_total", "counter", "Rows that got their vector.") { Double($0.embedded) }
        each("backfilld_row_failures_total", "counter", "Failures charged to rows.") { Double($0.failed) }
        each(
            "backfilld_pending_rows", "gauge",
            "Rows known to be pending; a lower bound while backfilld_backlog_unknown is 1."
        ) {
            Double($0.pending)
        }
        each("backfilld_backlog_unknown", "gauge", "1 while there may be more pending rows than are known.") {
            $0.hasMore ? 1 : 0
        }
        each("backfilld_working_rows", "gauge", "Rows in batches under way.") { Double($0.working) }
        each("backfilld_held_rows", "gauge", "Rows that wait for somebody's lock.") { Double($0.held) }
        each("backfilld_failing_rows", "gauge", "Rows that failed and are tried again.") { Double($0.failing) }
        each("backfilld_set_aside_rows", "gauge", "Rows that have used up their attempts.") { Double($0.setAside) }
        each("backfilld_oldest_pending_seconds", "gauge", "For how long there have been pending rows; 0 without any.") {
            $0.pendingSince.map { max((now - $0).inSeconds, 0) } ?? 0
        }
        each("backfilld_last_embedded_seconds", "gauge", "Seconds since a row was embedded; -1 before the first.") {
            $0.lastEmbedded.map { max((now - $0).inSeconds, 0) } ?? -1
        }
        each("backfilld_degraded", "gauge", "1 while something is wrong with the table.") {
            $0.complaint == nil ? 0 : 1
        }
        each("backfilld_paused", "gauge", "1 while somebody has paused the table.") { $0.pausedSince == nil ? 0 : 1 }
        each("backfilld_standby", "gauge", "1 while another daemon has the table.") { $0.isStandby ? 1 : 0 }
        each("backfilld_polling", "gauge", "1 while the table is polled and not listened to.") { $0.isPolling ? 1 : 0 }
    }

    private static func batches(_ counts: Tally.Counts, _ metrics: inout MetricsText) {
        let tables = counts.tables.values.sorted { $0.name < $1.name }
        metrics.begin("backfilld_batch_seconds", "histogram", "How long batches took, from reading to writing.")
        for table in tables { metrics.sample(table.batchSeconds, [("table", table.name)]) }
        metrics.begin("backfilld_row_outcomes_total", "counter", "What became of rows of batches.")
        for table in tables {
            for (outcome, count) in table.outcomes.sorted(by: { $0.key < $1.key }) {
                metrics.sample(count, [("table", table.name), ("outcome", outcome)])
            }
        }
        metrics.begin("backfilld_troubles_total", "counter", "Failures that are charged to no row, by what failed.")
        for table in tables {
            for (kind, count) in table.troubles.sorted(by: { $0.key < $1.key }) {
                metrics.sample(count, [("table", table.name), ("class", kind)])
            }
        }
        metrics.begin("backfilld_rows_set_aside_total", "counter", "Rows that used up their attempts.")
        for table in tables { metrics.sample(table.setAside, [("table", table.name)]) }
        metrics.begin(
            "backfilld_texts_total", "counter", "Texts that were empty, cut to the limit, or longer than the model's.")
        for table in tables {
            for (kind, count) in [("empty", table.empty), ("cut", table.cut), ("long", table.long)] {
                metrics.sample(count, [("table", table.name), ("kind", kind)])
            }
        }
    }

    private static func listener(_ counts: Tally.Counts, _ vitals: Vitals, _ metrics: inout MetricsText) {
        metrics.begin("backfilld_listening", "gauge", "1 while the daemon hears what is sent.")
        if case .listening = vitals.hearing { metrics.sample(1) } else { metrics.sample(0) }
        metrics.begin("backfilld_reconnects_total", "counter", "Sessions of the listener after the first.")
        metrics.sample(max(0, counts.connects - 1))
        metrics.begin(
            "backfilld_connection_losses_total", "counter",
            "Sessions of the listener that broke, or were not to be had.")
        metrics.sample(counts.losses)
        metrics.begin("backfilld_heartbeats_total", "counter", "Heartbeats that were answered.")
        metrics.sample(counts.heartbeats)
        metrics.begin("backfilld_notifications_total", "counter", "Notifications of our triggers.")
        metrics.sample(counts.wakeups)
        metrics.begin("backfilld_daemons", "gauge", "Daemons connected to the server, this one included.")
        metrics.sample(counts.daemons)
        if let usage = counts.queueUsage {
            metrics.begin("backfilld_notify_queue_usage", "gauge", "How full the server's notification queue is, of 1.")
            metrics.sample(usage)
        }
    }

    private static func embedding(
        _ counts: Tally.Counts, at now: ContinuousClock.Instant, _ metrics: inout MetricsText
    ) {
        metrics.begin(
            "backfilld_embedder_call_seconds", "histogram",
            "How long calls of the embedder or provider took, by who called.")
        for (caller, histogram) in counts.calls.sorted(by: { $0.key < $1.key }) {
            metrics.sample(histogram, [("caller", caller)])
        }
        metrics.begin("backfilld_embedded_texts_total", "counter", "Texts that were embedded, by who asked.")
        for (caller, count) in counts.texts.sorted(by: { $0.key < $1.key }) {
            metrics.sample(count, [("caller", caller)])
        }
        metrics.begin(
            "backfilld_embedded_tokens_total", "counter", "Tokens that were computed, where they are counted.")
        for (caller, count) in counts.tokens.sorted(by: { $0.key < $1.key }) {
            metrics.sample(count, [("caller", caller)])
        }
        metrics.begin("backfilld_embedder_failures_total", "counter", "Calls of the embedder that failed, by class.")
        for (kind, count) in counts.callFailures.sorted(by: { $0.key < $1.key }) {
            metrics.sample(count, [("class", kind)])
        }
        metrics.begin("backfilld_lane_busy_seconds_total", "counter", "How long each lane of the encoder was at work.")
        for (lane, entry) in counts.lanes.sorted(by: { $0.key < $1.key }) {
            metrics.sample((entry.busy + (entry.begun.map { now - $0 } ?? .zero)).inSeconds, [("lane", "\(lane)")])
        }
    }

    private static func console(_ counts: Tally.Counts, _ metrics: inout MetricsText) {
        metrics.begin("backfilld_console_requests_total", "counter", "Requests to the console, by endpoint and status.")
        let kinds = counts.requests.sorted { ($0.key.endpoint, $0.key.status) < ($1.key.endpoint, $1.key.status) }
        for (kind, count) in kinds {
            metrics.sample(count, [("endpoint", kind.endpoint), ("status", "\(kind.status)")])
        }
        metrics.begin("backfilld_console_request_seconds", "histogram", "How long requests took, streams not counted.")
        for (endpoint, histogram) in counts.requestSeconds.sorted(by: { $0.key < $1.key }) {
            metrics.sample(histogram, [("endpoint", endpoint)])
        }
        metrics.begin("backfilld_console_refused_total", "counter", "What the console turned away, by why.")
        for (reason, count) in counts.refused.sorted(by: { $0.key < $1.key }) {
            metrics.sample(count, [("reason", reason)])
        }
        metrics.begin("backfilld_console_connections", "gauge", "Connections to the console.")
        metrics.sample(counts.connections)
    }
}
