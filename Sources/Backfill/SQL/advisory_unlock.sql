-- Gives a lock of this session back. $1, $2 int: the lock.
SELECT pg_catalog.pg_advisory_unlock($1, $2) AS was_ours
