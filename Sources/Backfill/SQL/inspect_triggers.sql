-- Triggers of the relations in $1 that are ours, or that run before each updated row.
SELECT
    t.tgrelid::pg_catalog.int8 AS relation,
    t.tgname::pg_catalog.text AS name,
    n.nspname = 'backfilld' AS is_ours,
    p.proname::pg_catalog.text AS function,
    t.tgenabled::pg_catalog.text AS enabled,
    t.tgnewtable IS NOT NULL AS has_new_table,
    t.tgparentid <> 0 AS is_inherited
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE t.tgrelid = ANY ($1::pg_catalog.int8[])
    -- 1: for each row, 2: before, 16: on update (catalog/pg_trigger.h)
    AND (n.nspname = 'backfilld' OR NOT t.tgisinternal AND (t.tgtype::pg_catalog.int4 & 19) = 19)
ORDER BY t.tgrelid, t.tgname
