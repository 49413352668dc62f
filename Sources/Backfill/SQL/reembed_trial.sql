-- The definitions of the indexes of the table on which they are tried, behind the method's USING, by name.
SELECT
    c.relname::pg_catalog.text AS name,
    pg_catalog.substr(
        pg_catalog.pg_get_indexdef(c.oid),
        pg_catalog.length(pg_catalog.format(
            'CREATE %sINDEX %I ON %I.%I USING ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname, n.nspname,
            t.relname)) + 1) AS tail
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname = 'backfilld' AND t.relname = $1
