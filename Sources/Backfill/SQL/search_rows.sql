-- Rows as a search shows them, by their keys. $1 text[]: keys.
SELECT t.{key}::pg_catalog.text AS key, NULL::pg_catalog.float8 AS similarity, NULL::pg_catalog.float8 AS distance,
    NULL::pg_catalog.int8 AS vector_rank, NULL::pg_catalog.int8 AS text_rank, 0::pg_catalog.float8 AS score{texts}
FROM {table} AS t
WHERE t.{key} {equals} ANY ({keys})
