-- Which rows there are, and whether each has its embedding: by the place of what was given, with the key as the row has it.
-- $1 text[]: keys, in any way of writing them that the type reads.
WITH found AS MATERIALIZED (
    SELECT t.{key} AS key, pg_catalog.num_nulls(t.{embedding}) OPERATOR(pg_catalog.=) 0 AS embedded
    FROM {table} AS t
    WHERE t.{key} {equals} ANY ({keys})
)
SELECT g.place, f.key::pg_catalog.text AS key, f.embedded
FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY AS g (given, place)
JOIN found AS f ON f.key {equals} g.given::{key_type}
