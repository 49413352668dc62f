-- Every index on a column, without those of ours on the pending rows: also where it has other columns, or has the column
-- in an expression or a condition only. Parents come before their partitions' indexes. $1 oid[] as bigint[]: the table
-- and its partitions; $2 text: the column.
SELECT
    i.indexrelid::pg_catalog.int8 AS index,
    i.indrelid::pg_catalog.int8 AS relation,
    m.nspname::pg_catalog.text AS schema,
    t.relname::pg_catalog.text AS table,
    c.relname::pg_catalog.text AS name,
    c.relkind = 'I' AS is_partitioned,
    i.indisvalid AS is_valid,
    i.indisunique AS is_unique,
    EXISTS (
        SELECT FROM pg_catalog.pg_class o
        WHERE o.relnamespace = c.relnamespace AND o.relname = c.relname::pg_catalog.text || '_previous'
    ) AS is_previous_taken,
    h.inhparent::pg_catalog.int8 AS parent,
    s.spcname::pg_catalog.text AS tablespace,
    pg_catalog.obj_description(c.oid, 'pg_class') AS comment,
    -- as far as the method: what comes behind it does not name the table
    pg_catalog.format(
        'CREATE %sINDEX %I ON %s%I.%I USING ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname,
        CASE WHEN c.relkind = 'I' THEN 'ONLY ' END, m.nspname, t.relname) AS head,
    pg_catalog.pg_get_indexdef(i.indexrelid) AS definition
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace m ON m.oid = t.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attname = $2 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = i.indexrelid
LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace
WHERE i.indrelid = ANY ($1::pg_catalog.int8[]::pg_catalog.oid[])
    AND (
        a.attnum = ANY (i.indkey)
        OR EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.indexrelid
                AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = i.indrelid
                AND d.refobjsubid = a.attnum))
    -- only of the tables asked for, as the text of a condition is worked out with a lock on its table
    AND NOT CASE
        WHEN i.indrelid = ANY ($1::pg_catalog.int8[]::pg_catalog.oid[]) AND i.indkey[0] = 0 AND i.indnatts = 1
        THEN pg_catalog.pg_get_indexdef(i.indexrelid, 1, false) IN ('true', '(true)')
            AND COALESCE(
                pg_catalog.pg_get_expr(i.indpred, i.indrelid) = pg_catalog.format('(%I IS NULL)', a.attname), false)
        ELSE false
    END
ORDER BY (SELECT pg_catalog.count(*) FROM pg_catalog.pg_partition_ancestors(i.indrelid)), i.indexrelid
