-- What this daemon says about one table. $1 watch, $2 daemon, $3 host, $4 pid, $5 backend pid, $6 state, $7 in flight,
-- $8 embedded, $9 failed, $10 rows a second, $11 seconds since rows are pending, $12 seconds since the last embedding,
-- $13 last error, $14 rows in batches, $15 rows whose vector waits for a lock, $16 how the daemon learns of rows.
INSERT INTO backfilld.activity AS a (
    watch, daemon, host, pid, backend_pid, backend_start, state, in_flight, embedded, failed, rows_per_second,
    pending_since, last_embedded_at, last_error, working, held, mode, updated_at)
SELECT
    $1, $2, $3, $4, $5,
    COALESCE(
        (SELECT s.backend_start FROM pg_catalog.pg_stat_activity AS s WHERE s.pid OPERATOR(pg_catalog.=) $5),
        pg_catalog.now()),
    $6, $7, $8, $9, $10,
    pg_catalog.now() OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => $11),
    pg_catalog.now() OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => $12),
    $13, $14, $15, $16, pg_catalog.now()
-- of a table whose set-up is gone there is nothing to say, and what is said of others must not fail with it
WHERE EXISTS (SELECT FROM backfilld.watch AS w WHERE w.id OPERATOR(pg_catalog.=) $1)
ON CONFLICT (watch, daemon) DO UPDATE SET
    backend_pid = EXCLUDED.backend_pid, backend_start = EXCLUDED.backend_start, state = EXCLUDED.state,
    in_flight = EXCLUDED.in_flight, embedded = EXCLUDED.embedded, failed = EXCLUDED.failed,
    rows_per_second = EXCLUDED.rows_per_second, pending_since = EXCLUDED.pending_since,
    last_embedded_at = COALESCE(EXCLUDED.last_embedded_at, a.last_embedded_at),
    last_error = EXCLUDED.last_error, working = EXCLUDED.working, held = EXCLUDED.held, mode = EXCLUDED.mode,
    updated_at = EXCLUDED.updated_at
