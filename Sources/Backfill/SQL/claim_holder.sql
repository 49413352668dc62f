-- Which sessions hold a claim. $1 int: watch; $2 bigint: the first half of a claim's lock; $3 bigint: the second, as an oid
-- has it; $4 bigint: the first half of the lock of which each daemon's session has one.
SELECT
    a.host, a.pid, l.pid AS backend, s.application_name AS application,
    a.pid IS NOT NULL OR EXISTS (
        SELECT FROM pg_catalog.pg_locks AS p
        WHERE p.pid OPERATOR(pg_catalog.=) l.pid AND p.locktype OPERATOR(pg_catalog.=) 'advisory' AND p.granted
            AND p.objsubid OPERATOR(pg_catalog.=) 2::pg_catalog.int2
            AND p.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) $4::pg_catalog.int8) AS is_daemon,
    EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) s.state_change)::pg_catalog.float8 AS silent_for
FROM pg_catalog.pg_locks AS l
LEFT JOIN backfilld.activity AS a
    ON a.backend_pid OPERATOR(pg_catalog.=) l.pid AND a.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4
LEFT JOIN pg_catalog.pg_stat_activity AS s ON s.pid OPERATOR(pg_catalog.=) l.pid
WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted AND l.objsubid OPERATOR(pg_catalog.=) 2::pg_catalog.int2
    AND l.database OPERATOR(pg_catalog.=) (
        SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
    AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) $2::pg_catalog.int8
    AND l.objid::pg_catalog.int8 OPERATOR(pg_catalog.=) $3::pg_catalog.int8
