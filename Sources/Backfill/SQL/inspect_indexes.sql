-- Indexes on the relations in $1 that are named like a pending index or belong to one; $2 is the embedding column.
SELECT
    i.indrelid::pg_catalog.int8 AS relation,
    c.oid::pg_catalog.int8 AS index,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS name,
    i.indisvalid AS is_valid,
    h.inhparent::pg_catalog.int8 AS parent,
    pg_catalog.pg_get_expr(i.indpred, i.indrelid)
        = pg_catalog.format('(%I IS NULL)', $2::pg_catalog.text) AS is_on_embedding
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = i.indexrelid
WHERE i.indrelid = ANY ($1::pg_catalog.int8[]) AND i.indpred IS NOT NULL
    AND (c.relname LIKE 'backfilld\_pending\_%' OR h.inhparent IS NOT NULL)
