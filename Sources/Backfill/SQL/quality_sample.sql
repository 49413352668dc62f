-- Vectors of a sample of the rows: those whose keys have the least hashes, so that the same rows come again as long as they
-- are there, and new ones as the table grows. $1 bigint: the seed; $2 bigint: rows. {sampling} narrows a large table down to
-- some of its pages first.
SELECT t.{key}::pg_catalog.text AS key, t.{embedding} AS embedding
FROM {table} AS t {sampling}
WHERE t.{embedding} IS NOT NULL
ORDER BY pg_catalog.hashtextextended(t.{key}::pg_catalog.text COLLATE pg_catalog."C", $1::pg_catalog.int8)
LIMIT $2
