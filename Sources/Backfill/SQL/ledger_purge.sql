-- Takes away the entries of rows that are embedded, gone, or have another text than the one they failed with.
-- $1 int: watch; $2 text[]: keys of rows in flight, whose entries stay: a trigger of the owner's may have given such a row
-- another text while its vector was written, and that is about to be charged.
-- An entry that another daemon is just writing is left for the next time, so that nobody waits.
-- Answers whether any entry is left.
WITH purged AS (
    DELETE FROM backfilld.failure AS f
    USING (
        SELECT f.key_hash
        FROM backfilld.failure AS f
        WHERE f.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND NOT {stands}
            AND f.key OPERATOR(pg_catalog.<>) ALL ($2::pg_catalog.text[])
        FOR UPDATE OF f SKIP LOCKED
    ) AS d
    WHERE f.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND f.key_hash OPERATOR(pg_catalog.=) d.key_hash
    RETURNING 1
)
SELECT
    (SELECT pg_catalog.count(*) FROM backfilld.failure AS f WHERE f.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4)
    OPERATOR(pg_catalog.>) (SELECT pg_catalog.count(*) FROM purged) AS is_any_left
