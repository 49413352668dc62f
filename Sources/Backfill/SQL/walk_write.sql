-- Puts new vectors in the place of old ones, in rows that still have the text that was embedded and the vector that was
-- there, and in no others. As in batch_write.sql it waits for no row lock, and the license says whether this run is
-- still the one. Answers as that does, without hashes: the owner's triggers are batch_clear.sql's matter.
-- $1 text[]: keys; $2 bigint[]: source hashes; $3: the vectors; $4 int: their dimension; $5 bigint[]: hashes of the
-- vectors that are to be replaced.
WITH license AS MATERIALIZED (
    {license}
), batch AS MATERIALIZED (
    SELECT b.key::{key_type} AS key, b.source, b.vector, b.number
    FROM ROWS FROM (
        pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.int8[]),
        pg_catalog.unnest($5::pg_catalog.int8[]))
        WITH ORDINALITY AS b (key, source, vector, number)
), locked AS MATERIALIZED (
    SELECT t.{key} AS key, t.ctid AS tid, b.source, b.vector, b.number
    FROM batch AS b JOIN {table} AS t ON t.{key} {equals} b.key
    WHERE EXISTS (SELECT FROM license)
      AND {source} OPERATOR(pg_catalog.=) b.source AND {vector_hash} OPERATOR(pg_catalog.=) b.vector
    ORDER BY t.{key}
    FOR NO KEY UPDATE OF t SKIP LOCKED
), written AS (
    UPDATE {table} AS t
    SET {embedding} = {value}
    FROM locked AS l
    WHERE {walked_row}
    RETURNING l.number
)
SELECT l.number, false AS written FROM locked AS l
UNION ALL
SELECT w.number, true FROM written AS w
UNION ALL
SELECT 0, false WHERE NOT EXISTS (SELECT FROM license)
