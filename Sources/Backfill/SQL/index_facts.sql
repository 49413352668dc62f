-- What the choice of an index depends on. $1: the table's oid; $2: what the names of ours begin with.
SELECT
    COALESCE((
        SELECT pg_catalog.sum(GREATEST(c.reltuples, 0)::pg_catalog.float8)
        FROM pg_catalog.pg_class c
        WHERE c.relkind OPERATOR(pg_catalog.<>) 'p'::pg_catalog."char"
            AND (c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid OR c.oid OPERATOR(pg_catalog.=) ANY (
                ARRAY(SELECT r.relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree($1::pg_catalog.oid::pg_catalog.regclass) r)))
    ), 0)::pg_catalog.int8 AS rows,
    (
        SELECT pg_catalog.bool_or(c.reltuples OPERATOR(pg_catalog.<) 0::pg_catalog.float4)
        FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
    ) AS is_unknown,
    (
        SELECT s.setting::pg_catalog.int8 OPERATOR(pg_catalog.*) 1024::pg_catalog.int8
        FROM pg_catalog.pg_settings s WHERE s.name OPERATOR(pg_catalog.=) 'maintenance_work_mem'
    ) AS memory,
    pg_catalog.current_setting('max_parallel_maintenance_workers')::pg_catalog.int4 AS workers,
    (
        SELECT e.extversion FROM pg_catalog.pg_extension e WHERE e.extname OPERATOR(pg_catalog.=) 'vector'
    ) AS vector_version,
    (
        SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE')
        FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
    ) AS is_owner,
    (
        SELECT pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text
        FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
    ) AS owner,
    -- the names in the table's schema that an index of ours would take
    ARRAY(
        SELECT c.relname::pg_catalog.text
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_class t ON t.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid
        WHERE c.relnamespace OPERATOR(pg_catalog.=) t.relnamespace
            AND pg_catalog.starts_with(c.relname::pg_catalog.text, $2::pg_catalog.text)
    ) AS names
