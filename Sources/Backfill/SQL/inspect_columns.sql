SELECT
    a.attname::pg_catalog.text AS name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
    pg_catalog.format('%s:%s:%s', a.attnum, a.atttypid::pg_catalog.int8, a.atttypmod) AS mark,
    -- What a parameter is cast to: without the length, which would cut, and with the schema, whatever search_path says.
    CASE
        WHEN n.nspname = 'pg_catalog' THEN pg_catalog.format_type(b.oid, -1)
        ELSE pg_catalog.format('%I.%I', n.nspname, b.typname)
    END AS cast_type,
    b.oid::pg_catalog.int8 AS cast_type_oid,
    b.typname::pg_catalog.text AS type_name,
    n.nspname::pg_catalog.text AS type_schema,
    -- Where its own equality is: an extension's type has it in the extension's schema, most use the system's.
    COALESCE((
        SELECT m.nspname::pg_catalog.text
        FROM pg_catalog.pg_operator o
        JOIN pg_catalog.pg_namespace m ON m.oid = o.oprnamespace
        WHERE o.oprname = '=' AND o.oprleft = b.oid AND o.oprright = b.oid
        ORDER BY o.oid LIMIT 1
    ), 'pg_catalog') AS equality_schema,
    a.atttypmod AS modifier,
    a.attnotnull AS not_null,
    a.attgenerated <> '' AS is_generated,
    -- A generated column depends on its base columns by itself (to 14) or by its default expression (from 15).
    ARRAY(
        SELECT r.attname::pg_catalog.text
        FROM pg_catalog.pg_attribute r
        WHERE a.attgenerated <> '' AND r.attrelid = a.attrelid AND r.attnum > 0 AND r.attnum <> a.attnum
            AND EXISTS (
                SELECT
                FROM pg_catalog.pg_depend d
                LEFT JOIN pg_catalog.pg_attrdef e ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
                    AND e.oid = d.objid
                WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                    AND d.refobjid = a.attrelid AND d.refobjsubid = r.attnum
                    AND (
                        e.adrelid = a.attrelid AND e.adnum = a.attnum
                        OR d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                            AND d.objid = a.attrelid AND d.objsubid = a.attnum
                    )
            )
        ORDER BY r.attnum
    ) AS base_columns,
    EXISTS (
        SELECT FROM pg_catalog.pg_index i
        WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
            AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum
    ) AS is_unique,
    EXISTS (
        SELECT FROM pg_catalog.pg_index i
        WHERE i.indrelid = a.attrelid AND i.indisvalid AND i.indpred IS NULL AND i.indkey[0] = a.attnum
    ) AS is_indexed
FROM pg_catalog.pg_attribute a
CROSS JOIN LATERAL (
    WITH RECURSIVE base AS (
        SELECT t.oid, t.typname, t.typnamespace, t.typtype, t.typbasetype
        FROM pg_catalog.pg_type t
        WHERE t.oid = a.atttypid
        UNION ALL
        SELECT t.oid, t.typname, t.typnamespace, t.typtype, t.typbasetype
        FROM pg_catalog.pg_type t
        JOIN base ON base.typtype = 'd' AND base.typbasetype = t.oid
    )
    SELECT * FROM base WHERE typtype <> 'd'
) AS b
JOIN pg_catalog.pg_namespace n ON n.oid = b.typnamespace
WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
