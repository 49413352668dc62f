-- Those of some rows that nobody else has locked, with the hash of the text that they have by now. $1 text[]: keys.
-- Rows that a policy closes to us look the same as locked ones: where row level security is in force, all count as free, and
-- their write finds out.
WITH free AS MATERIALIZED (
    SELECT t.{key}::pg_catalog.text AS key, {source} AS source
    FROM {table} AS t
    WHERE t.{key} {equals} ANY ({keys}) AND {pending}
    FOR NO KEY UPDATE OF t SKIP LOCKED
)
SELECT f.key, f.source FROM free AS f
UNION ALL
SELECT k.key, NULL FROM pg_catalog.unnest($1::pg_catalog.text[]) AS k (key)
WHERE pg_catalog.row_security_active({relation}::pg_catalog.oid)
