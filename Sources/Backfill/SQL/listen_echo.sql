-- A notification to ourselves, on channel $1 with payload $2. Who notifies keeps others that do waiting until it is on disk:
-- this need not be.
SELECT pg_catalog.set_config('synchronous_commit', 'off', true), pg_catalog.pg_notify($1, $2)
