SELECT
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS server_version,
    pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int4 AS max_prepared_transactions,
    pg_catalog.current_database()::pg_catalog.text AS database,
    current_user::pg_catalog.text AS role,
    pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS may_create_schema,
    pg_catalog.to_regnamespace('backfilld') IS NOT NULL AS has_schema,
    pg_catalog.to_regclass('backfilld.migration') IS NOT NULL AS has_migrations,
    pg_catalog.to_regnamespace('extensions') IS NOT NULL AS has_extensions_schema,
    (
        SELECT n.nspname::pg_catalog.text
        FROM pg_catalog.pg_extension e
        JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'vector'
    ) AS vector_schema,
    EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'vector') AS vector_available
