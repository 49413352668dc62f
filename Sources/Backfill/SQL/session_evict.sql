-- Ends a session of ours that we have lost and the server has not, if it still holds a lock. $1 int: its process; $2 int:
-- the class of the lock, which tells it from whoever has that number by now.
SELECT pg_catalog.pg_terminate_backend(l.pid) AS ended
FROM (
    SELECT DISTINCT l.pid FROM pg_catalog.pg_locks AS l
    WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.objsubid OPERATOR(pg_catalog.=) 2
        AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) $2::pg_catalog.int8
        AND l.pid OPERATOR(pg_catalog.=) $1
) AS l
