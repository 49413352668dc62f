-- Keeps what a run found. $1 int: the table's number in backfilld.watch; $2 int: its generation; $3 text[] and $4 text[]:
-- the figures' names and values; $5 real[]: the centroid, NULL where there is none.
INSERT INTO backfilld.quality (watch, generation, figures, centroid)
SELECT $1::pg_catalog.int4, $2::pg_catalog.int4,
    COALESCE(pg_catalog.jsonb_object_agg(f.name, f.value::pg_catalog.float8), '{}'), $5::pg_catalog.float4[]
FROM ROWS FROM (
    pg_catalog.unnest($3::pg_catalog.text[]), pg_catalog.unnest($4::pg_catalog.text[])) AS f (name, value)
