-- Search by both: the sum of 1/({smoothing} + rank) over the two lists (Cormack, Clarke and Büttcher, 2009). A row is the
-- same in both by key and place: a key of a partitioned table need not be unique.
WITH near AS MATERIALIZED (
    SELECT n.*, pg_catalog.row_number() OVER (ORDER BY n.distance, n.key) AS rank
    FROM (SELECT c.*, {distance} AS distance FROM ({near}) AS c) AS n
    WHERE n.distance OPERATOR(pg_catalog.<) 'Infinity'::pg_catalog.float8
), words AS MATERIALIZED (
    SELECT c.*, pg_catalog.row_number() OVER (ORDER BY c.relevance DESC, c.key) AS rank
    FROM ({matching}) AS c
), fused AS (
    SELECT COALESCE(n.key, w.key) AS key, COALESCE(n.embedding, w.embedding) AS embedding, n.distance,
        n.rank AS vector_rank, w.rank AS text_rank,
        COALESCE(1.0::pg_catalog.float8 OPERATOR(pg_catalog./) ({smoothing} OPERATOR(pg_catalog.+) n.rank), 0)
            OPERATOR(pg_catalog.+)
            COALESCE(1.0::pg_catalog.float8 OPERATOR(pg_catalog./) ({smoothing} OPERATOR(pg_catalog.+) w.rank), 0)
            AS score{fused}
    FROM near AS n
    FULL JOIN words AS w ON w.key OPERATOR(pg_catalog.=) n.key AND w.place OPERATOR(pg_catalog.=) n.place
)
SELECT n.key, {similarity} AS similarity, {hybrid_distance} AS distance, n.vector_rank, n.text_rank, n.score{texts}
FROM (
    SELECT f.*
    FROM fused AS f
    ORDER BY f.score DESC, f.vector_rank, f.key
    LIMIT {limit}
) AS n
ORDER BY n.score DESC, n.vector_rank, n.key
