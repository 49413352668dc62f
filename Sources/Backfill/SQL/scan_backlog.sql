-- Keys of pending rows, by way of the partial index. $1 bigint: at most so many.
SELECT t.{key}::pg_catalog.text AS key
FROM {table} AS t
WHERE t.{embedding} IS NULL
LIMIT $1::pg_catalog.int8
