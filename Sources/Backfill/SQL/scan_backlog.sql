-- Keys of pending rows that are due, by way of the partial index. $1 bigint: at most so many; $2 boolean:
-- whether rows that may be locked are left out.
SELECT t.{key}::pg_catalog.text AS key
FROM {table} AS t
WHERE t.{embedding} IS NULL AND {unpaused} AND {due} AND NOT ($2::pg_catalog.bool AND {may_be_locked})
LIMIT $1::pg_catalog.int8
