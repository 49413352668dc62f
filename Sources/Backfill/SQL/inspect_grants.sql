-- Privileges on single columns of table $1 that the roles in $2 were given by name.
SELECT r.rolname::pg_catalog.text AS role, g.privilege_type AS privilege, a.attname::pg_catalog.text AS column
FROM pg_catalog.pg_attribute a
CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) AS g
JOIN pg_catalog.pg_roles r ON r.oid = g.grantee
WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND r.rolname = ANY ($2::pg_catalog.text[]) AND g.privilege_type IN ('SELECT', 'UPDATE')
ORDER BY 1, 2, a.attnum
