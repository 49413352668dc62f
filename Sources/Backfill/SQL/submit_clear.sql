-- Takes back what an endpoint that writes the table itself has put into rows where it does not belong: their text changed
-- while it had the old one, and it does not look; or it is of a wrong dimension.
-- Like the writing of vectors it waits for nobody's lock: a row that is not answered was locked or has changed again.
-- $1 text[]: keys; $2 bigint[]: the hashes of the texts that they had when that was seen.
WITH license AS MATERIALIZED (
    {license}
), batch AS MATERIALIZED (
    SELECT b.key::{key_type} AS key, b.source
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.int8[]))
        AS b (key, source)
), locked AS MATERIALIZED (
    SELECT t.{key} AS key, b.source
    FROM batch AS b JOIN {table} AS t ON t.{key} {equals} b.key
    WHERE EXISTS (SELECT FROM license) AND NOT {pending} AND {source} OPERATOR(pg_catalog.=) b.source
    ORDER BY t.{key}
    FOR NO KEY UPDATE OF t SKIP LOCKED
)
UPDATE {table} AS t
SET {embedding} = NULL
FROM locked AS l
WHERE t.{key} {equals} l.key AND NOT {pending} AND {source} OPERATOR(pg_catalog.=) l.source
RETURNING t.{key}::pg_catalog.text AS key
