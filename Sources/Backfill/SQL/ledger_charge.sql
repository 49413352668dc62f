-- Charges rows with a failure. $1 int: watch; $2 text[]: keys; $3 bigint[]: hashes of the texts they failed with, or NULL;
-- $4 bigint[]: hashes of the texts they have now, where that is another; $5 text[]: reasons; $6 text: daemon; $7 float8:
-- seconds to wait after the first failure; $8 float8: seconds to wait at most; $9 int: attempts.
-- A failure counts on where the row failed with this text before, or where nobody knows with which.
-- One entry a row and in the order of the index, so that two daemons that charge the same rows do not lock each other up.
-- Answers how long each of the rows waits, NULL where it is set aside, and whether it is so by this very failure.
WITH charge AS MATERIALIZED (
    SELECT DISTINCT ON (pg_catalog.hashtextextended(c.key COLLATE pg_catalog."C", 0))
        pg_catalog.hashtextextended(c.key COLLATE pg_catalog."C", 0) AS key_hash, c.key, c.source, c.standing, c.reason
    FROM ROWS FROM (
        pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.int8[]),
        pg_catalog.unnest($4::pg_catalog.int8[]), pg_catalog.unnest($5::pg_catalog.text[]))
        AS c (key, source, standing, reason)
), counted AS MATERIALIZED (
    SELECT
        c.key_hash, c.key, c.reason, COALESCE(c.standing, c.source, f.source) AS source,
        CASE WHEN f.watch IS NOT NULL AND (c.source IS NULL OR f.source OPERATOR(pg_catalog.=) c.source)
            THEN f.attempts OPERATOR(pg_catalog.+) 1 ELSE 1 END AS attempts,
        COALESCE(f.next_try OPERATOR(pg_catalog.=) 'infinity'::pg_catalog.timestamptz, false) AS was_set_aside
    FROM charge AS c
    LEFT JOIN backfilld.failure AS f
        ON f.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND f.key_hash OPERATOR(pg_catalog.=) c.key_hash
            AND f.key OPERATOR(pg_catalog.=) c.key
), entered AS (
    INSERT INTO backfilld.failure AS f (watch, key, source, attempts, reason, next_try, daemon)
    SELECT
        $1::pg_catalog.int4, c.key, c.source, c.attempts, c.reason,
        CASE WHEN c.attempts OPERATOR(pg_catalog.>=) $9::pg_catalog.int4 THEN 'infinity'::pg_catalog.timestamptz
        ELSE pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs =>
            LEAST(
                $7::pg_catalog.float8 OPERATOR(pg_catalog.*)
                    pg_catalog.power(2::pg_catalog.float8, LEAST(c.attempts OPERATOR(pg_catalog.-) 1, 60)::pg_catalog.float8),
                $8::pg_catalog.float8)
            -- jitter: rows that failed together do not come back together (OPERATOR() has one precedence for all)
            OPERATOR(pg_catalog.*) (0.5::pg_catalog.float8 OPERATOR(pg_catalog.+)
                (0.5::pg_catalog.float8 OPERATOR(pg_catalog.*) pg_catalog.random())))
        END,
        $6::pg_catalog.text
    FROM counted AS c
    ORDER BY c.key_hash
    ON CONFLICT (watch, key_hash) DO UPDATE SET
        -- two keys of one hash share an entry, and the one that failed last has it
        key = EXCLUDED.key, source = EXCLUDED.source, attempts = EXCLUDED.attempts, reason = EXCLUDED.reason,
        first_at = CASE WHEN EXCLUDED.attempts OPERATOR(pg_catalog.=) 1 THEN EXCLUDED.first_at ELSE f.first_at END,
        last_at = EXCLUDED.last_at, next_try = EXCLUDED.next_try, daemon = EXCLUDED.daemon
    RETURNING f.key, f.reason, f.attempts, f.next_try
)
SELECT
    e.key, e.reason, e.attempts,
    CASE WHEN e.next_try OPERATOR(pg_catalog.<) 'infinity'::pg_catalog.timestamptz THEN
        EXTRACT(epoch FROM e.next_try OPERATOR(pg_catalog.-) pg_catalog.clock_timestamp())::pg_catalog.float8 END AS wait,
    e.next_try OPERATOR(pg_catalog.=) 'infinity'::pg_catalog.timestamptz AND NOT c.was_set_aside AS is_new
FROM entered AS e JOIN counted AS c ON c.key OPERATOR(pg_catalog.=) e.key
