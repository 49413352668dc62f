-- Gives back those of some locks that this session has. A statement that failed may have taken some of them, or not have
-- given all of them back, and locks of a session outlive that. $1 int: their class; $2 int[]: which.
SELECT pg_catalog.count(*) FILTER (WHERE pg_catalog.pg_advisory_unlock($1, m.lock)) AS unlocked
FROM (
    SELECT w.lock FROM pg_catalog.unnest($2::pg_catalog.int4[]) AS w (lock)
    -- an oid has no sign
    WHERE w.lock::pg_catalog.int8 OPERATOR(pg_catalog.&) 4294967295::pg_catalog.int8 OPERATOR(pg_catalog.=) ANY (ARRAY(
        SELECT l.objid::pg_catalog.int8 FROM pg_catalog.pg_locks AS l
        WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.granted
            AND l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.objsubid OPERATOR(pg_catalog.=) 2
            AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) $1::pg_catalog.int8))
) AS m
