-- One reembed a table at a time: a lock of the session, gone with it. 1650879588 is "bfld". $1 int: the watch.
SELECT pg_catalog.pg_try_advisory_lock(1650879588, $1) AS is_ours
