-- Which daemons hold a claim. $1 int: watch; $2 bigint: the first half of a claim's lock; $3 bigint: the second, as an oid
-- has it.
SELECT a.host, a.pid
FROM pg_catalog.pg_locks AS l
JOIN backfilld.activity AS a ON a.backend_pid OPERATOR(pg_catalog.=) l.pid
WHERE a.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4
    AND l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted AND l.objsubid OPERATOR(pg_catalog.=) 2::pg_catalog.int2
    AND l.database OPERATOR(pg_catalog.=) (
        SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
    AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) $2::pg_catalog.int8
    AND l.objid::pg_catalog.int8 OPERATOR(pg_catalog.=) $3::pg_catalog.int8
