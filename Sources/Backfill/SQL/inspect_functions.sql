SELECT
    p.proname::pg_catalog.text AS name,
    p.prosrc AS body,
    pg_catalog.obj_description(p.oid, 'pg_proc') AS comment
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'backfilld' AND p.proname = ANY ($1::pg_catalog.text[])
