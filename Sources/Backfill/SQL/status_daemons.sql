-- What daemons say about a table, and which of them are connected. $1 int: the table's number in backfilld.watch.
SELECT
    a.daemon, a.host, a.pid, a.state, a.in_flight, a.embedded, a.failed, a.rows_per_second, a.last_error,
    EXTRACT(epoch FROM pg_catalog.now() OPERATOR(pg_catalog.-) a.pending_since)::pg_catalog.float8 AS pending_for,
    EXTRACT(epoch FROM pg_catalog.now() OPERATOR(pg_catalog.-) a.last_embedded_at)::pg_catalog.float8 AS embedded_ago,
    pg_catalog.to_char(a.last_embedded_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS last_embedded_at,
    EXISTS (
        SELECT FROM pg_catalog.pg_stat_activity AS s
        WHERE s.pid OPERATOR(pg_catalog.=) a.backend_pid
          AND COALESCE(s.backend_start, a.backend_start) OPERATOR(pg_catalog.=) a.backend_start) AS connected
FROM backfilld.activity AS a
WHERE a.watch OPERATOR(pg_catalog.=) $1
ORDER BY a.updated_at DESC
