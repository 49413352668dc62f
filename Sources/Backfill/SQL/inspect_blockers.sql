-- Who kept set-up from its lock: sessions that hold one on a relation in $1, oldest transaction first.
SELECT DISTINCT
    a.pid,
    COALESCE(a.usename::pg_catalog.text, '?') AS role,
    COALESCE(a.application_name, '') AS application,
    COALESCE(a.state, '?') AS state,
    COALESCE(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.xact_start), 0)::pg_catalog.float8 AS seconds
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.granted AND l.relation::pg_catalog.int8 = ANY ($1::pg_catalog.int8[])
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    AND a.pid <> pg_catalog.pg_backend_pid()
ORDER BY 5 DESC
LIMIT 3
