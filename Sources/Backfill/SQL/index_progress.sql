-- How far the build is that the session of process $1 is at.
SELECT
    p.phase,
    p.blocks_done::pg_catalog.int8 AS blocks_done, p.blocks_total::pg_catalog.int8 AS blocks_total,
    p.tuples_done::pg_catalog.int8 AS tuples_done, p.tuples_total::pg_catalog.int8 AS tuples_total
FROM pg_catalog.pg_stat_progress_create_index p
WHERE p.pid OPERATOR(pg_catalog.=) $1::pg_catalog.int4
LIMIT 1
