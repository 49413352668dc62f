-- Where the rows stand that a write did not lock. $1 text[]: keys.
SELECT t.{key}::pg_catalog.text AS key, {source} AS source, t.{embedding} IS NULL AS pending
FROM {table} AS t
WHERE t.{key} {equals} ANY ({keys})
