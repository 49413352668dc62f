-- Rows that have a vector, in the order of their keys: what to embed, the hash of what that is made from, and one of the
-- vector that is there. $1 text[]: keys, or the last key of the page before; $2 int: characters of a column that are
-- read at most; $3 bigint: rows.
SELECT t.{key}::pg_catalog.text AS key, {source} AS source, {vector_hash} AS vector, {columns}
FROM {table} AS t
WHERE {which}t.{embedding} IS NOT NULL
ORDER BY t.{key}
-- rows of one key stay on one page: the next one begins behind it
FETCH FIRST ($3::pg_catalog.int8) ROWS WITH TIES
