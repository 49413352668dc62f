-- Takes back what this very transaction has written where a trigger of the owner's changed the text meanwhile, before
-- anybody can see it. $1 text[]: keys; $2 bigint[]: the source hashes that were embedded.
-- Asked once whether the owner has any trigger that fires for an UPDATE, it costs next to nothing where there is none.
-- Answers the numbers of the rows that do not keep the vector, by this statement or by the trigger itself, and the hash of
-- the text that they have now.
UPDATE {table} AS t
SET {embedding} = NULL
FROM (
    -- a key that is not unique may stand for several rows, each with the text it has
    SELECT r.key, pg_catalog.array_agg(r.source) AS sources, pg_catalog.min(r.number) AS number
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.int8[]))
        WITH ORDINALITY AS r (key, source, number)
    GROUP BY r.key
) AS b
WHERE t.{key} {equals} b.key::{key_type}
  AND t.xmin OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()::pg_catalog.xid
  AND {owner_triggers}
  AND ({pending} OR {source} OPERATOR(pg_catalog.<>) ALL (b.sources))
RETURNING b.number, {source} AS source
