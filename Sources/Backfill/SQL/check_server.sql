-- What of the server as a whole matters to a daemon.
SELECT
    pg_catalog.current_setting('server_version') AS version,
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS number,
    pg_catalog.current_database()::pg_catalog.text AS database,
    CURRENT_USER::pg_catalog.text AS role,
    pg_catalog.pg_is_in_recovery() AS in_recovery,
    pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int4 AS prepared_transactions,
    pg_catalog.pg_notification_queue_usage() AS queue_usage
