-- Ends a session of ours that we have lost and the server has not, if it still holds a lock. $1 int: its process; $2 text:
-- when that began; $3 int: the class of the lock. Of another role's session the beginning can't be seen: it is none of ours.
SELECT pg_catalog.pg_terminate_backend(s.pid) AS ended
FROM pg_catalog.pg_stat_activity AS s
WHERE s.pid OPERATOR(pg_catalog.=) $1
    AND s.backend_start OPERATOR(pg_catalog.=) $2::pg_catalog.text::pg_catalog.timestamptz
    AND EXISTS (
        SELECT FROM pg_catalog.pg_locks AS l
        WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.objsubid OPERATOR(pg_catalog.=) 2
            AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) $3::pg_catalog.int8
            AND l.pid OPERATOR(pg_catalog.=) s.pid)
