-- Rows for a map: always the same ones while they are there, whatever else comes. $1 float4: the share of the pages that
-- is looked at, in percent; $2 bigint: rows.
SELECT s.key, s.vector::pg_catalog.float4[] AS vector{named}
FROM (
    SELECT t.{key}::pg_catalog.text AS key, t.{embedding} AS vector{texts}
    FROM {table} AS t TABLESAMPLE SYSTEM ($1::pg_catalog.float4) REPEATABLE (0)
    WHERE t.{embedding} IS NOT NULL
    -- Spread over the table by the hashes of the keys.
    ORDER BY pg_catalog.hashtextextended(t.{key}::pg_catalog.text COLLATE "C", 0), t.{key}::pg_catalog.text COLLATE "C"
    LIMIT $2::pg_catalog.int8
) AS s
