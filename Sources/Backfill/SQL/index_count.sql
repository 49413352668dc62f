-- Up to $1 rows of a table that has never been analysed.
SELECT pg_catalog.count(*) FROM (SELECT FROM {table} AS t LIMIT $1::pg_catalog.int8) AS r
