-- Some rows with their vectors and what those are made from, each as one version of the row has them. $1 text[]: keys;
-- $2 int: characters of a column that are read at most.
SELECT t.{key}::pg_catalog.text AS key, t.{embedding} AS embedding, {title} AS title, {columns}
FROM {table} AS t
WHERE t.{key} {equals} ANY ({keys}) AND t.{embedding} IS NOT NULL
ORDER BY pg_catalog.array_position($1::pg_catalog.text[], t.{key}::pg_catalog.text)
