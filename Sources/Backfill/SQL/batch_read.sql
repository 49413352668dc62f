-- The pending ones of some rows, unless the table is paused: what to embed, and the hash of what that is made from.
-- $1 text[]: keys; $2 int: characters of a column that are read at most.
SELECT t.{key}::pg_catalog.text AS key, {source} AS source, {columns}
FROM {table} AS t
WHERE t.{key} {equals} ANY ({keys})
  AND {pending} AND {unpaused}
