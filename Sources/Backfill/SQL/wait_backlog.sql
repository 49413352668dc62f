-- One pending row, due or not.
SELECT t.{key}::pg_catalog.text AS key
FROM {table} AS t
WHERE t.{embedding} IS NULL
LIMIT 1
