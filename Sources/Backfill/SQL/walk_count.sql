-- Rows that have a vector.
SELECT pg_catalog.count(*) AS filled FROM {table} AS t WHERE t.{embedding} IS NOT NULL
