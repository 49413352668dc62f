-- What this role may do with a table. $1 oid as bigint: the table; $2 text[]: columns that are read; $3 text: the
-- embedding column.
SELECT
    ARRAY(
        SELECT c.name FROM pg_catalog.unnest($2::pg_catalog.text[]) AS c (name)
        WHERE NOT pg_catalog.has_column_privilege($1::pg_catalog.int8::pg_catalog.oid, c.name, 'SELECT')) AS unreadable,
    pg_catalog.has_column_privilege($1::pg_catalog.int8::pg_catalog.oid, $3::pg_catalog.text, 'UPDATE') AS may_write,
    pg_catalog.row_security_active($1::pg_catalog.int8::pg_catalog.oid) AS row_security,
    EXISTS (
        SELECT FROM pg_catalog.pg_policy AS p
        WHERE p.polrelid OPERATOR(pg_catalog.=) $1::pg_catalog.int8::pg_catalog.oid AND p.polpermissive
          AND p.polcmd OPERATOR(pg_catalog.=) ANY (ARRAY['r', '*']::pg_catalog."char"[])
          AND EXISTS (SELECT FROM pg_catalog.unnest(p.polroles) AS r (id)
                      WHERE r.id OPERATOR(pg_catalog.=) 0 OR pg_catalog.pg_has_role(r.id, 'USAGE'))) AS read_policy,
    EXISTS (
        SELECT FROM pg_catalog.pg_policy AS p
        WHERE p.polrelid OPERATOR(pg_catalog.=) $1::pg_catalog.int8::pg_catalog.oid AND p.polpermissive
          AND p.polcmd OPERATOR(pg_catalog.=) ANY (ARRAY['w', '*']::pg_catalog."char"[])
          AND EXISTS (SELECT FROM pg_catalog.unnest(p.polroles) AS r (id)
                      WHERE r.id OPERATOR(pg_catalog.=) 0 OR pg_catalog.pg_has_role(r.id, 'USAGE'))) AS write_policy,
    EXISTS (
        SELECT FROM pg_catalog.pg_policy AS p
        WHERE p.polrelid OPERATOR(pg_catalog.=) $1::pg_catalog.int8::pg_catalog.oid AND NOT p.polpermissive
          AND EXISTS (SELECT FROM pg_catalog.unnest(p.polroles) AS r (id)
                      WHERE r.id OPERATOR(pg_catalog.=) 0 OR pg_catalog.pg_has_role(r.id, 'USAGE'))) AS restrictive
