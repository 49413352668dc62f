-- What every session of ours needs to be the same, whatever server, database or role say:
-- the text form of values, since the source hash is made of it;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET extra_float_digits = 1;
SET bytea_output = 'hex';
SET xmloption = 'content';
-- what is seen: every row that policies show, rather than an error where there are any;
SET row_security = on;
-- the snapshot that the license of a write is looked up with: see batch_write.sql;
SET default_transaction_isolation = 'read committed';
-- our own deadlines, and a session that may wait for notifications all day (PostgreSQL 14 and later);
SET statement_timeout = 0;
SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout';
-- no wait for a lock that DDL holds, and no transaction that outlives a lost daemon;
SET lock_timeout = '1s';
SET idle_in_transaction_session_timeout = '30s';
-- plans by index: a stale estimate must not turn a look at the backlog into a pass over the table;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET jit = off;
-- few statements, run for ever: planning each anew costs more than it can gain.
SET plan_cache_mode = force_generic_plan;
