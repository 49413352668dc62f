-- What is bound to a column by its place, so that it stays with the old one when another takes its name: views, policies,
-- generated columns, constraints, functions with an SQL body, the owner's triggers, column lists of publications.
-- Indexes are not among them, since they are made for the new column too. $1 oid[] as bigint[]: the table and its
-- partitions; $2 text: the column; $3 boolean: only what keeps the column from being dropped.
SELECT DISTINCT
    CASE
        WHEN d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass THEN (
            SELECT pg_catalog.pg_describe_object('pg_catalog.pg_class'::pg_catalog.regclass, w.ev_class, 0)
            FROM pg_catalog.pg_rewrite w WHERE w.oid = d.objid)
        ELSE pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)
    END AS object
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.objid
LEFT JOIN pg_catalog.pg_trigger g ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND g.oid = d.objid
LEFT JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
WHERE a.attrelid = ANY ($1::pg_catalog.int8[]::pg_catalog.oid[]) AND a.attname = $2 AND NOT a.attisdropped
    AND (d.deptype = 'n' OR NOT $3)
    AND (c.oid IS NULL OR c.relkind NOT IN ('i', 'I'))
    AND (g.oid IS NULL OR p.pronamespace <> pg_catalog.to_regnamespace('backfilld'))
ORDER BY 1
