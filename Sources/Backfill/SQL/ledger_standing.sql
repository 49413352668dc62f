-- How many rows of a table are kept back or wait for another try, of those that are pending with the text they failed
-- with, and when the next one may be tried. $1 int: watch.
-- Each entry is looked up by its key: a join might pass over the whole table for a handful of them.
SELECT
    pg_catalog.count(*) FILTER (WHERE NOT e.is_set_aside) AS failing,
    pg_catalog.count(*) FILTER (WHERE e.is_set_aside) AS set_aside,
    EXTRACT(epoch FROM pg_catalog.min(e.next_try) FILTER (WHERE NOT e.is_set_aside)
        OPERATOR(pg_catalog.-) pg_catalog.clock_timestamp())::pg_catalog.float8 AS next
FROM (
    SELECT f.next_try, f.next_try OPERATOR(pg_catalog.=) 'infinity'::pg_catalog.timestamptz AS is_set_aside
    FROM backfilld.failure AS f
    WHERE f.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND {stands}
) AS e
