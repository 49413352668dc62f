-- What makes a column more than its type. $1 oid as bigint: the table; $2 text: the column.
SELECT
    CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::pg_catalog.text ELSE '' END AS storage,
    {compression} AS compression,
    COALESCE(a.attstattarget, -1)::pg_catalog.int4 AS statistics,
    COALESCE(a.attoptions, ARRAY[]::pg_catalog.text[]) AS options,
    pg_catalog.col_description(a.attrelid, a.attnum) AS comment,
    ARRAY(
        SELECT CASE WHEN l.is_grantable THEN 'y' ELSE 'n' END || l.privilege_type || ' '
            || COALESCE(r.rolname::pg_catalog.text, '')
        FROM pg_catalog.aclexplode(a.attacl) AS l
        LEFT JOIN pg_catalog.pg_roles r ON r.oid = l.grantee
        WHERE l.grantee = 0 OR r.oid IS NOT NULL
        ORDER BY 1
    ) AS grants,
    pg_catalog.row_security_active(a.attrelid) AS row_security,
    ARRAY(
        SELECT p.pubname::pg_catalog.text FROM pg_catalog.pg_publication_tables p
        JOIN pg_catalog.pg_class c ON c.relname = p.tablename
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = p.schemaname
        WHERE c.oid = a.attrelid
        ORDER BY 1
    ) AS publications
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = $1::pg_catalog.oid AND a.attname = $2 AND NOT a.attisdropped
