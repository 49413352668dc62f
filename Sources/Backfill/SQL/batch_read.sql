-- The pending ones of some rows, unless the table is paused: what to embed, and the hash of what that is made from.
-- Whoever was told of a row by a notification may come to it behind a peer that has just failed with it: it is not due.
-- A transaction that may be under way has locked or changed a row whose xmax is not before all of those. (One that several have
-- locked has another kind of number there, and is found out at its write.)
-- $1 text[]: keys; $2 int: characters of a column that are read at most.
SELECT t.{key}::pg_catalog.text AS key, {source} AS source,
    pg_catalog.age(t.xmax) OPERATOR(pg_catalog.<=) (
        SELECT pg_catalog.age(pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::pg_catalog.xid)
    ) AS may_be_locked,
    {columns}
FROM {table} AS t
WHERE t.{key} {equals} ANY ({keys})
  AND {pending} AND {unpaused} AND {due}
