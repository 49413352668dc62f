-- Every relation below a partitioned table, parents before children; nothing for a plain table.
SELECT
    c.oid::pg_catalog.int8 AS relation,
    p.parentrelid::pg_catalog.oid::pg_catalog.int8 AS parent,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS name,
    c.relkind::pg_catalog.text AS kind
FROM pg_catalog.pg_partition_tree($1::pg_catalog.oid::pg_catalog.regclass) p
JOIN pg_catalog.pg_class c ON c.oid = p.relid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE p.level > 0
ORDER BY p.level, c.oid
