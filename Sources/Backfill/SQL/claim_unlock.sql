-- Gives locks of this session back. $1 int: their class; $2 int[]: which.
SELECT pg_catalog.count(*) FILTER (WHERE pg_catalog.pg_advisory_unlock($1, l.lock)) AS unlocked
FROM pg_catalog.unnest($2::pg_catalog.int4[]) AS l (lock)
