-- Says that this session is a daemon's: shared, so it waits for nobody. Answers its server process, which a pooler in session
-- mode does not tell. $1 int: the lock's class.
SELECT pg_catalog.pg_advisory_lock_shared($1, 0), pg_catalog.pg_backend_pid() AS backend
