-- Search by nearness. The order of an index may be approximate, and its precision halved: here it is by the vectors.
SELECT n.key, {similarity} AS similarity, n.distance,
    pg_catalog.row_number() OVER (ORDER BY n.distance, n.key) AS vector_rank, NULL::pg_catalog.int8 AS text_rank,
    {similarity} AS score{texts}
FROM (SELECT c.*, {distance} AS distance FROM ({near}) AS c) AS n
-- The zero vector, of a row without text, is near to nothing.
WHERE n.distance OPERATOR(pg_catalog.<) 'Infinity'::pg_catalog.float8
ORDER BY n.distance, n.key
LIMIT {limit}
