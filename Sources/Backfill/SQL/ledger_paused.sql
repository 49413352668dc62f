-- Whether a table is paused, since when and by whom. $1 int: watch.
SELECT
    pg_catalog.to_char(w.paused_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS paused_at, w.paused_by,
    EXTRACT(epoch FROM pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) w.paused_at)::pg_catalog.float8 AS paused_for
FROM backfilld.watch AS w
WHERE w.id OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND w.paused_at IS NOT NULL
