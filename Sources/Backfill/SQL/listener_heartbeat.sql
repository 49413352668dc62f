-- Whether the server still has the LISTEN of this session, and how it is otherwise. $1 text: the channel; $2 int: the class of the lock
-- of which each daemon has one, in whatever database.
SELECT
    $1 OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT pg_catalog.pg_listening_channels())) AS is_listening,
    pg_catalog.pg_notification_queue_usage() AS queue_usage,
    pg_catalog.pg_is_in_recovery() AS in_recovery,
    (SELECT pg_catalog.count(DISTINCT l.pid) FROM pg_catalog.pg_locks AS l
        WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.objsubid OPERATOR(pg_catalog.=) 2
            AND l.classid::pg_catalog.int8 OPERATOR(pg_catalog.=) $2::pg_catalog.int8) AS daemons
