-- Says that this session is a daemon's: shared, so it waits for nobody. $1 int: the lock's class.
SELECT pg_catalog.pg_advisory_lock_shared($1, 0)
