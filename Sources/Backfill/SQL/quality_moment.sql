-- The server's clock, and whether what is found may be kept there.
SELECT pg_catalog.to_char(pg_catalog.now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at,
    EXTRACT(epoch FROM pg_catalog.now())::pg_catalog.float8 AS seconds,
    NOT pg_catalog.pg_is_in_recovery()
        AND pg_catalog.has_table_privilege('backfilld.quality', 'INSERT')
        AND pg_catalog.has_table_privilege('backfilld.quality', 'UPDATE')
        AND pg_catalog.has_table_privilege('backfilld.quality', 'DELETE') AS may_keep,
    pg_catalog.has_table_privilege('backfilld.quality', 'SELECT') AS may_read
