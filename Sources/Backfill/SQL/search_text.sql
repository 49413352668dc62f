-- Search by words.
SELECT n.key, NULL::pg_catalog.float8 AS similarity, NULL::pg_catalog.float8 AS distance,
    NULL::pg_catalog.int8 AS vector_rank, pg_catalog.row_number() OVER (ORDER BY n.relevance DESC, n.key) AS text_rank,
    n.relevance AS score{texts}
FROM ({matching}) AS n
ORDER BY n.relevance DESC, n.key
LIMIT {limit}
