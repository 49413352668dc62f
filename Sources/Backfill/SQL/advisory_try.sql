-- Takes a lock if nobody has it. $1, $2 int: the lock.
SELECT pg_catalog.pg_try_advisory_lock($1, $2) AS is_ours
