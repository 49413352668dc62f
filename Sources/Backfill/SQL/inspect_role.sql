-- What role $1 may do already with table $2 (0: not known), and in the schemas $3.
SELECT
    r.rolname::pg_catalog.text AS name,
    -- Row level security does not apply to superusers, to BYPASSRLS and, unless forced, to the owner.
    r.rolsuper OR r.rolbypassrls
        OR (NOT c.relforcerowsecurity AND pg_catalog.pg_has_role(r.oid, c.relowner, 'USAGE')) AS ignores_row_security,
    ARRAY(
        SELECT s.name FROM pg_catalog.unnest($3::pg_catalog.text[]) AS s(name)
        JOIN pg_catalog.pg_namespace n ON n.nspname = s.name
        WHERE pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE')
    ) AS schemas,
    ARRAY(
        SELECT t.relname::pg_catalog.text || ' ' || p.privilege
        FROM pg_catalog.pg_class t
        CROSS JOIN pg_catalog.unnest('{SELECT,INSERT,UPDATE,DELETE}'::pg_catalog.text[]) AS p(privilege)
        WHERE t.relnamespace = pg_catalog.to_regnamespace('backfilld') AND t.relkind = 'r'
            AND pg_catalog.has_table_privilege(r.oid, t.oid, p.privilege)
    ) AS own_tables,
    ARRAY(
        SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND (a.attnum > 0 OR a.attname IN ('ctid', 'xmin', 'xmax')) AND NOT a.attisdropped
            AND pg_catalog.has_column_privilege(r.oid, c.oid, a.attnum, 'SELECT')
    ) AS readable,
    ARRAY(
        SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            AND pg_catalog.has_column_privilege(r.oid, c.oid, a.attnum, 'UPDATE')
    ) AS writable,
    ARRAY(
        SELECT p.polcmd::pg_catalog.text FROM pg_catalog.pg_policy p
        WHERE p.polrelid = c.oid AND p.polpermissive AND r.oid = ANY (p.polroles)
            AND p.polname LIKE 'backfilld\_%'
    ) AS policies
FROM pg_catalog.pg_roles r
LEFT JOIN pg_catalog.pg_class c ON c.oid = $2::pg_catalog.oid
WHERE r.rolname = $1
