-- What daemons say about a table, which of them are connected, and how many buckets of rows each has claimed.
-- $1 int: the table's number in backfilld.watch; $2 bigint: the first half of a claim's lock. The second half is that
-- number times 1,024 and the bucket, in the 32 bits of an oid.
SELECT
    a.daemon, a.host, a.pid, a.state, a.mode, a.in_flight, a.working, a.held, a.embedded, a.failed, a.rows_per_second,
    a.last_error,
    EXTRACT(epoch FROM pg_catalog.now() OPERATOR(pg_catalog.-) a.pending_since)::pg_catalog.float8 AS pending_for,
    EXTRACT(epoch FROM pg_catalog.now() OPERATOR(pg_catalog.-) a.last_embedded_at)::pg_catalog.float8 AS embedded_ago,
    pg_catalog.to_char(a.last_embedded_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS last_embedded_at,
    -- its listening session asks something with each heartbeat
    (
        SELECT EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) s.state_change)::pg_catalog.float8
        FROM pg_catalog.pg_stat_activity AS s
        WHERE s.pid OPERATOR(pg_catalog.=) a.backend_pid
          AND COALESCE(s.backend_start, a.backend_start) OPERATOR(pg_catalog.=) a.backend_start) AS silent_for,
    EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.updated_at)::pg_catalog.float8 AS noted_ago,
    EXISTS (
        SELECT FROM pg_catalog.pg_stat_activity AS s
        WHERE s.pid OPERATOR(pg_catalog.=) a.backend_pid
          AND COALESCE(s.backend_start, a.backend_start) OPERATOR(pg_catalog.=) a.backend_start) AS connected,
    (
        SELECT pg_catalog.count(*) FROM pg_catalog.pg_locks AS l
        WHERE l.pid OPERATOR(pg_catalog.=) a.backend_pid AND l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted
          AND l.objsubid OPERATOR(pg_catalog.=) 2::pg_catalog.int2
          AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) $2::pg_catalog.int8
          AND (l.objid::pg_catalog.int8 OPERATOR(pg_catalog.>>) 10) OPERATOR(pg_catalog.=)
            ($1::pg_catalog.int8 OPERATOR(pg_catalog.&) 4194303::pg_catalog.int8)
    ) AS claimed
FROM backfilld.activity AS a
WHERE a.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4
ORDER BY a.updated_at DESC
