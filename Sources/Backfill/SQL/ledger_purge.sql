-- Takes away the entries of rows that are embedded, gone, or have another text than the one they failed with.
-- $1 int: watch. An entry that another daemon is just writing is left for the next time, so that nobody waits.
DELETE FROM backfilld.failure AS f
USING (
    SELECT f.key_hash
    FROM backfilld.failure AS f
    WHERE f.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND NOT {stands}
    FOR UPDATE OF f SKIP LOCKED
) AS d
WHERE f.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND f.key_hash OPERATOR(pg_catalog.=) d.key_hash
