-- The pending ones of some rows, unless the table is paused: what to embed, and the hash of what that is made from.
-- Whoever was told of a row by a notification may come to it behind a peer that has just failed with it: it is not due.
-- $1 text[]: keys; $2 int: characters of a column that are read at most.
SELECT t.{key}::pg_catalog.text AS key, {source} AS source,
    {may_be_locked} AS may_be_locked,
    {columns}
FROM {table} AS t
WHERE t.{key} {equals} ANY ({keys})
  AND {pending} AND {unpaused} AND {due}
