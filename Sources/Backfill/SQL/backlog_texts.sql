-- Pending rows in the order of their keys: what would be embedded; not those that the ledger keeps back. $1 text[]: the last key of the page before; $2 int:
-- characters of a column that are read at most; $3 bigint: rows.
SELECT t.{key}::pg_catalog.text AS key, {columns}
FROM {table} AS t
WHERE {which}t.{embedding} IS NULL AND {due}
ORDER BY t.{key}
-- rows of one key stay on one page: the next one begins behind it
FETCH FIRST ($3::pg_catalog.int8) ROWS WITH TIES
