-- Which of some rows are not embedded yet, or not there. $1 text[]: keys.
SELECT w.key, t.{key} IS NOT NULL AS present
FROM pg_catalog.unnest($1::pg_catalog.text[]) AS w (key)
LEFT JOIN {table} AS t ON t.{key} {equals} w.key::{key_type}
WHERE pg_catalog.num_nulls(t.{embedding}) OPERATOR(pg_catalog.=) 1
