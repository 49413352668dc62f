-- Lets rows start with a clean sheet, and wakes the daemons. $1 int: watch; $2 text[]: keys, or NULL for all.
-- A key is brought into the form that the table gives it: a uuid may be written in capitals.
WITH forgiven AS (
    DELETE FROM backfilld.failure AS f
    WHERE f.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4
        AND ($2::pg_catalog.text[] IS NULL OR f.key OPERATOR(pg_catalog.=) ANY (ARRAY(
            SELECT k.key::{key_type}::pg_catalog.text FROM pg_catalog.unnest($2::pg_catalog.text[]) AS k (key))))
    RETURNING f.key
)
SELECT g.key, pg_catalog.pg_notify('backfilld', $1::pg_catalog.int4::pg_catalog.text) AS woken FROM forgiven AS g
