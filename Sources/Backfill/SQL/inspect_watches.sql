-- Every watch, with the table's present name where it still has one.
SELECT
    w.id,
    w.key_column,
    w.embedding_column,
    w.relation::pg_catalog.oid::pg_catalog.int8 AS relation,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS name,
    c.relkind::pg_catalog.text AS kind,
    ARRAY(
        SELECT p.polname::pg_catalog.text FROM pg_catalog.pg_policy p
        WHERE p.polrelid = c.oid AND p.polname LIKE 'backfilld\_' || w.id || '\_%'
        ORDER BY 1
    ) AS policies
FROM backfilld.watch w
LEFT JOIN pg_catalog.pg_class c ON c.oid = w.relation
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
ORDER BY w.id
