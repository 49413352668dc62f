-- Keys of pending rows that are due, by way of the partial index. $1 bigint: at most so many.
SELECT t.{key}::pg_catalog.text AS key
FROM {table} AS t
WHERE t.{embedding} IS NULL AND {unpaused} AND {due}
LIMIT $1::pg_catalog.int8
