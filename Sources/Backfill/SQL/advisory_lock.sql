-- Waits for a lock, as long as lock_timeout lets it. $1, $2 int: the lock.
SELECT pg_catalog.pg_advisory_lock($1, $2)
