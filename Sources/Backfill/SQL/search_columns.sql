-- What search has to know of a table's columns beyond what set-up looks at. $1: the table's oid.
SELECT
    a.attname::pg_catalog.text AS name,
    pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS may_read,
    y.typcategory::pg_catalog.text AS category,
    -- A tsvector's configuration: of the expression that generates it, or of the trigger that fills it.
    CASE
        WHEN y.oid OPERATOR(pg_catalog.=) 'pg_catalog.tsvector'::pg_catalog.regtype THEN COALESCE(
            pg_catalog."substring"(
                pg_catalog.pg_get_expr(d.adbin, d.adrelid), 'to_tsvector\(''([^'']+)''::(?:pg_catalog\.)?regconfig'),
            (
                SELECT pg_catalog.split_part(pg_catalog.encode(g.tgargs, 'escape'), E'\\000', 2)
                FROM pg_catalog.pg_trigger g
                JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) g.tgfoid
                WHERE g.tgrelid OPERATOR(pg_catalog.=) a.attrelid AND NOT g.tgisinternal
                    AND p.proname OPERATOR(pg_catalog.=) 'tsvector_update_trigger'
                    AND pg_catalog.split_part(pg_catalog.encode(g.tgargs, 'escape'), E'\\000', 1)
                        OPERATOR(pg_catalog.=) a.attname::pg_catalog.text
                LIMIT 1
            ),
            pg_catalog.current_setting('default_text_search_config'))
    END AS configuration
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_type y ON y.oid OPERATOR(pg_catalog.=) a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid OPERATOR(pg_catalog.=) a.attrelid
    AND d.adnum OPERATOR(pg_catalog.=) a.attnum AND a.attgenerated OPERATOR(pg_catalog.<>) ''
WHERE a.attrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
    AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2 AND NOT a.attisdropped
ORDER BY a.attnum
