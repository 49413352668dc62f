-- Whether this session has a lock. $1, $2 int: the lock.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_locks AS l
    WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.objsubid OPERATOR(pg_catalog.=) 2 AND l.granted
        AND l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
        AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) $1::pg_catalog.int4::pg_catalog.int8
        AND l.objid::pg_catalog.int8 OPERATOR(pg_catalog.=) $2::pg_catalog.int4::pg_catalog.int8
) AS is_ours
