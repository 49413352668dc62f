-- Writes vectors into the rows that are still pending and still have the text that was embedded, and into no others.
-- It waits for no row lock and locks in key order, so it neither blocks nor deadlocks with anybody.
-- $1 text[]: keys; $2 bigint[]: source hashes; $3 real[]: the vectors, one after another; $4 int: their dimension.
-- Answers the number of each row it locked, with the hash after the write; NULL there where the write was refused.
WITH batch AS MATERIALIZED (
    SELECT b.key::{key_type} AS key, b.source, b.number
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.int8[]))
        WITH ORDINALITY AS b (key, source, number)
), locked AS MATERIALIZED (
    SELECT t.{key} AS key, b.source, b.number
    FROM batch AS b JOIN {table} AS t ON t.{key} {equals} b.key
    WHERE t.{embedding} IS NULL AND {source} OPERATOR(pg_catalog.=) b.source
    ORDER BY t.{key}
    FOR NO KEY UPDATE OF t SKIP LOCKED
), written AS (
    UPDATE {table} AS t
    SET {embedding} = ($3::pg_catalog.float4[])[
        (l.number - 1)::pg_catalog.int4 * $4::pg_catalog.int4 + 1 : l.number::pg_catalog.int4 * $4::pg_catalog.int4]{cast}
    FROM locked AS l
    WHERE t.{key} {equals} l.key AND t.{embedding} IS NULL AND {source} OPERATOR(pg_catalog.=) l.source
    RETURNING l.number, {source} AS source
)
SELECT l.number, w.source
FROM locked AS l LEFT JOIN written AS w ON w.number OPERATOR(pg_catalog.=) l.number
