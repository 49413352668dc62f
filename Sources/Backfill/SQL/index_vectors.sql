-- Every index whose first column is the embedding or made of it, on the table and its partitions, parents first; without
-- those on the pending rows. $1: the table's oid; $2: the embedding column. With an empty search_path, so that names
-- come with their schemas.
WITH RECURSIVE tree AS (
    SELECT $1::pg_catalog.oid AS relation, 0 AS level
    UNION ALL
    SELECT h.inhrelid, t.level OPERATOR(pg_catalog.+) 1
    FROM tree t
    JOIN pg_catalog.pg_inherits h ON h.inhparent OPERATOR(pg_catalog.=) t.relation
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) h.inhrelid AND c.relispartition
)
SELECT
    i.indexrelid::pg_catalog.int8 AS index,
    i.indrelid::pg_catalog.int8 AS relation,
    tn.nspname::pg_catalog.text AS table_schema,
    r.relname::pg_catalog.text AS table_name,
    c.relname::pg_catalog.text AS name,
    c.relkind OPERATOR(pg_catalog.=) 'I'::pg_catalog."char" AS is_partitioned,
    i.indisvalid AND i.indisready AS is_valid,
    m.amname::pg_catalog.text AS method,
    oc.opcname::pg_catalog.text AS operator_class,
    -- what it orders by, as ORDER BY would write it; NULL where it gives no order by distance
    (
        SELECT o.oprname::pg_catalog.text
        FROM pg_catalog.pg_amop ao
        JOIN pg_catalog.pg_operator o ON o.oid OPERATOR(pg_catalog.=) ao.amopopr
        WHERE ao.amopfamily OPERATOR(pg_catalog.=) oc.opcfamily
            AND ao.amoppurpose OPERATOR(pg_catalog.=) 'o'::pg_catalog."char"
            AND ao.amoplefttype OPERATOR(pg_catalog.=) oc.opcintype
        ORDER BY ao.amopstrategy
        LIMIT 1
    ) AS operator,
    CASE WHEN i.indkey[0] OPERATOR(pg_catalog.=) 0::pg_catalog.int2
        THEN pg_catalog.pg_get_indexdef(i.indexrelid, 1, false) END AS expression,
    y.typname::pg_catalog.text AS type,
    x.atttypmod AS modifier,
    pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
    pg_catalog.pg_get_expr(i.indpred, i.indrelid) OPERATOR(pg_catalog.=)
        pg_catalog.format('(%I IS NOT NULL)', a.attname) AS has_all_vectors,
    COALESCE(c.reloptions, '{}') AS options,
    pg_catalog.pg_relation_size(c.oid) AS bytes,
    h.inhparent::pg_catalog.int8 AS parent,
    (
        SELECT pg_catalog.min(p.pid)
        FROM pg_catalog.pg_stat_progress_create_index p
        WHERE p.index_relid OPERATOR(pg_catalog.=) i.indexrelid
    ) AS builder
FROM tree
JOIN pg_catalog.pg_index i ON i.indrelid OPERATOR(pg_catalog.=) tree.relation
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
JOIN pg_catalog.pg_am m ON m.oid OPERATOR(pg_catalog.=) c.relam
JOIN pg_catalog.pg_opclass oc ON oc.oid OPERATOR(pg_catalog.=) i.indclass[0]
JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) i.indrelid
JOIN pg_catalog.pg_namespace tn ON tn.oid OPERATOR(pg_catalog.=) r.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid
    AND a.attname OPERATOR(pg_catalog.=) $2::pg_catalog.name AND NOT a.attisdropped
JOIN pg_catalog.pg_attribute x ON x.attrelid OPERATOR(pg_catalog.=) i.indexrelid
    AND x.attnum OPERATOR(pg_catalog.=) 1::pg_catalog.int2
JOIN pg_catalog.pg_type y ON y.oid OPERATOR(pg_catalog.=) x.atttypid
LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid OPERATOR(pg_catalog.=) i.indexrelid
WHERE i.indkey[0] OPERATOR(pg_catalog.=) a.attnum
    OR i.indkey[0] OPERATOR(pg_catalog.=) 0::pg_catalog.int2
        AND y.typname OPERATOR(pg_catalog.=) ANY ('{vector,halfvec,sparsevec,bit}'::pg_catalog.name[])
        AND EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
                AND d.objid OPERATOR(pg_catalog.=) i.indexrelid
                AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
                AND d.refobjid OPERATOR(pg_catalog.=) i.indrelid
                AND d.refobjsubid OPERATOR(pg_catalog.=) a.attnum)
ORDER BY tree.level, i.indexrelid
