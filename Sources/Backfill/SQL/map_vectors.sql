-- The vectors of rows, by their keys. $1 text[]: keys.
SELECT t.{key}::pg_catalog.text AS key, t.{embedding}::pg_catalog.float4[] AS vector
FROM {table} AS t
WHERE t.{key} {equals} ANY ({keys}) AND t.{embedding} IS NOT NULL
