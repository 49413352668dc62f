-- Whether the server still has the LISTEN of this session, and how it is otherwise. $1 text: the channel.
SELECT
    $1 OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT pg_catalog.pg_listening_channels())) AS is_listening,
    pg_catalog.pg_notification_queue_usage() AS queue_usage,
    pg_catalog.pg_is_in_recovery() AS in_recovery
