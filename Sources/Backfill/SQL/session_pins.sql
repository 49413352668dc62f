-- What every session of ours needs to be the same, whatever server, database or role say.
-- $1 int: the server process that is ours alone for as long as we are connected; in any other one, and for NULL in every
-- one, a setting holds to the end of the transaction, so that a pooler hands nothing of it on to others.
-- Answers the process that it is.
SELECT
    pg_catalog.pg_backend_pid() AS backend,
    -- our own deadlines, and a session that may wait for notifications all day;
    pg_catalog.set_config('statement_timeout', '0', s.local),
    CASE WHEN s.version OPERATOR(pg_catalog.>=) 140000 THEN pg_catalog.set_config('idle_session_timeout', '0', s.local) END,
    CASE WHEN s.version OPERATOR(pg_catalog.>=) 170000 THEN pg_catalog.set_config('transaction_timeout', '0', s.local) END,
    -- the text form of values, since the source hash is made of it;
    pg_catalog.set_config('TimeZone', 'UTC', s.local),
    pg_catalog.set_config('DateStyle', 'ISO, YMD', s.local),
    pg_catalog.set_config('IntervalStyle', 'postgres', s.local),
    pg_catalog.set_config('extra_float_digits', '1', s.local),
    pg_catalog.set_config('bytea_output', 'hex', s.local),
    pg_catalog.set_config('xmloption', 'content', s.local),
    -- what is seen: every row that policies show, rather than an error where there are any;
    pg_catalog.set_config('row_security', 'on', s.local),
    -- the snapshot that the license of a write is looked up with: see batch_write.sql;
    pg_catalog.set_config('default_transaction_isolation', 'read committed', s.local),
    -- no wait for a lock that DDL holds, and no transaction that outlives a lost daemon, nor one that ends for a moment's
    -- pause of ours, as it would with a role's few milliseconds;
    pg_catalog.set_config('lock_timeout', '1s', s.local),
    pg_catalog.set_config('idle_in_transaction_session_timeout', '30s', s.local),
    -- a daemon that is gone with its host, found out by the server after some 20 seconds, for the session's locks are others'
    -- then; of no effect on a unix socket, and through a pooler the pooler's own affair;
    CASE WHEN NOT s.local THEN pg_catalog.set_config('tcp_keepalives_idle', '10', false) END,
    CASE WHEN NOT s.local THEN pg_catalog.set_config('tcp_keepalives_interval', '3', false) END,
    CASE WHEN NOT s.local THEN pg_catalog.set_config('tcp_keepalives_count', '3', false) END,
    CASE WHEN NOT s.local THEN pg_catalog.set_config('tcp_user_timeout', '20000', false) END,
    -- plans by index: a stale estimate must not turn a look at the backlog into a pass over the table;
    pg_catalog.set_config('enable_seqscan', 'off', s.local),
    pg_catalog.set_config('enable_bitmapscan', 'off', s.local),
    pg_catalog.set_config('jit', 'off', s.local),
    -- few statements, run for ever: planning each anew costs more than it can gain.
    pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', s.local)
FROM (
    SELECT
        COALESCE($1::pg_catalog.int4 OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid(), true) AS local,
        pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version
) AS s
