-- Takes the locks that nobody else has; it waits for none. $1 int: their class; $2 int[]: which.
SELECT l.lock, pg_catalog.pg_try_advisory_lock($1, l.lock) AS is_ours
FROM pg_catalog.unnest($2::pg_catalog.int4[]) AS l (lock)
