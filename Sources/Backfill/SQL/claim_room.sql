-- How many locks the server has room for, by its documentation, and how many daemons are connected to it, in whatever
-- database. $1 int: the class of the lock of which each of them has one.
SELECT
    pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int8 OPERATOR(pg_catalog.*) (
        pg_catalog.current_setting('max_connections')::pg_catalog.int8 OPERATOR(pg_catalog.+)
        pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int8) AS room,
    (SELECT pg_catalog.count(DISTINCT l.pid) FROM pg_catalog.pg_locks AS l
        WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.objsubid OPERATOR(pg_catalog.=) 2
            AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) $1::pg_catalog.int8) AS daemons
