-- All pending rows.
SELECT pg_catalog.count(*) AS pending FROM {table} AS t WHERE t.{embedding} IS NULL
