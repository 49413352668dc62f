-- Waits for a lock, as long as lock_timeout lets it. Where that is too short there is no error, since each would be a line
-- of the server's log. {class}, {object} int: the lock.
DO $queue$
BEGIN
    PERFORM pg_catalog.pg_advisory_lock({class}, {object});
EXCEPTION WHEN lock_not_available THEN
    NULL;
END
$queue$
