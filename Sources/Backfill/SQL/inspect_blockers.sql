-- Who kept set-up from its lock: sessions that hold one on a relation in $1, oldest transaction first.
SELECT
    a.pid,
    COALESCE(a.usename::pg_catalog.text, '?') AS role,
    COALESCE(a.application_name, '') AS application,
    COALESCE(a.state, '?') AS state,
    COALESCE(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.xact_start), 0)::pg_catalog.float8 AS seconds
FROM pg_catalog.pg_stat_activity a
WHERE a.pid <> pg_catalog.pg_backend_pid()
    AND a.pid IN (
        SELECT l.pid
        FROM pg_catalog.pg_locks l
        WHERE l.locktype = 'relation' AND l.granted AND l.relation::pg_catalog.int8 = ANY ($1::pg_catalog.int8[])
            AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    )
ORDER BY a.xact_start
LIMIT 3
