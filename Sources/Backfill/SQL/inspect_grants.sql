-- What set-up granted on columns of table $1, watch $2, and is still so.
SELECT g.role, g.privilege, g.column_name AS column
FROM backfilld.granted g
JOIN pg_catalog.pg_roles r ON r.rolname = g.role
JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::pg_catalog.oid AND a.attname = g.column_name AND NOT a.attisdropped
WHERE g.watch = $2
    AND EXISTS (
        SELECT FROM pg_catalog.aclexplode(a.attacl) AS l
        WHERE l.grantee = r.oid AND l.privilege_type = g.privilege)
ORDER BY 1, 2, a.attnum
