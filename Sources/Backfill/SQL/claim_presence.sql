-- Says that this session is a daemon's: takes the first seat that no other daemon of this database has. $1 int: the lock's class.
-- There is nothing to sort or to join, so no seat is tried after the one that is taken.
SELECT n.seat
FROM pg_catalog.generate_series(1, 10000) AS n (seat)
WHERE pg_catalog.pg_try_advisory_lock($1, n.seat)
LIMIT 1
