-- What a search depends on beside the table: the text search configuration, and pgvector's version, which says what it can.
-- $1: the table's oid, for about how many rows it has.
SELECT
    pg_catalog.current_setting('default_text_search_config') AS configuration,
    (
        SELECT e.extversion FROM pg_catalog.pg_extension e WHERE e.extname OPERATOR(pg_catalog.=) 'vector'
    ) AS vector_version,
    (
        SELECT c.reltuples::pg_catalog.float8 FROM pg_catalog.pg_class c
        WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
    ) AS rows
