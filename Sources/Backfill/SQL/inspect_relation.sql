SELECT
    c.oid::pg_catalog.int8 AS relation,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS name,
    c.relkind::pg_catalog.text AS kind,
    pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text AS owner,
    pg_catalog.pg_has_role(c.relowner, 'USAGE') AS is_owner,
    c.relrowsecurity AS row_security,
    EXISTS (
        SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid AND c.relkind = 'r'
    ) AS has_children,
    ARRAY(
        SELECT p.polname::pg_catalog.text
        FROM pg_catalog.pg_policy p
        WHERE p.polrelid = c.oid AND NOT p.polpermissive AND p.polcmd IN ('r', 'w', '*')
        ORDER BY 1
    ) AS restrictive_policies
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = pg_catalog.to_regclass($1)
