-- Those of some rows that nobody else has locked, with the hash of the text that they have by now. $1 text[]: keys.
-- Rows that a policy keeps us from changing look the same as locked ones: where row level security is in force, those count
-- as free whose xmax is nobody's who holds it, and their write finds out the rest.
WITH free AS MATERIALIZED (
    SELECT t.{key}::pg_catalog.text AS key, {source} AS source
    FROM {table} AS t
    WHERE t.{key} {equals} ANY ({keys}) AND {pending}
    FOR NO KEY UPDATE OF t SKIP LOCKED
), holder AS MATERIALIZED (
    SELECT l.transactionid AS id FROM pg_catalog.pg_locks AS l
    WHERE l.locktype OPERATOR(pg_catalog.=) 'transactionid' AND l.granted AND l.transactionid IS NOT NULL
)
SELECT f.key, f.source FROM free AS f
UNION ALL
SELECT t.{key}::pg_catalog.text, NULL
FROM {table} AS t
WHERE pg_catalog.row_security_active({relation}::pg_catalog.oid)
    AND t.{key} {equals} ANY ({keys}) AND {pending}
    AND NOT EXISTS (SELECT FROM holder AS h WHERE h.id OPERATOR(pg_catalog.=) t.xmax)
