-- The rows of a table that failed, those set aside first. $1 int: watch; $2 text[]: keys, or NULL for all;
-- $3 bigint: at most so many.
SELECT
    f.key, f.source, f.attempts, f.reason, f.daemon,
    pg_catalog.to_char(f.first_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS first_at,
    pg_catalog.to_char(f.last_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS last_at,
    CASE WHEN f.next_try OPERATOR(pg_catalog.<) 'infinity'::pg_catalog.timestamptz
        THEN pg_catalog.to_char(f.next_try, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END AS next_try,
    CASE WHEN f.next_try OPERATOR(pg_catalog.<) 'infinity'::pg_catalog.timestamptz
        THEN EXTRACT(epoch FROM f.next_try OPERATOR(pg_catalog.-) pg_catalog.clock_timestamp())::pg_catalog.float8
        END AS next
FROM backfilld.failure AS f
WHERE f.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND {stands}
    AND ($2::pg_catalog.text[] IS NULL OR f.key_hash OPERATOR(pg_catalog.=) ANY (ARRAY(
        SELECT pg_catalog.hashtextextended(k.key::{key_type}::pg_catalog.text COLLATE pg_catalog."C", 0)
        FROM pg_catalog.unnest($2::pg_catalog.text[]) AS k (key))))
ORDER BY f.next_try DESC, f.last_at DESC, f.key
LIMIT $3::pg_catalog.int8
