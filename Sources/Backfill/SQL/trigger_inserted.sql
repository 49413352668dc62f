-- Runs as the writer, who may have INSERT on the table and nothing else, with any search_path: it touches no object of
-- ours and qualifies everything. 501 rows are enough to know that there are too many to name.
DECLARE
    pending pg_catalog.int8;
    keys pg_catalog.text;
BEGIN
    -- Somebody polls the table, or is about to, and will not leave before we end: X first, then K, as nothing but a CASE
    -- guarantees. Neither is waited for. It comes before any look at the rows, which would cost as much as the rest.
    IF (CASE WHEN pg_catalog.pg_try_advisory_xact_lock_shared({skipped}, {watch})
        THEN NOT pg_catalog.pg_try_advisory_xact_lock_shared({polling}, {watch}) ELSE false END) THEN
        RETURN NULL;
    END IF;
    BEGIN
        SELECT pg_catalog.count(*), pg_catalog.string_agg(pg_catalog.to_json(p.key)::pg_catalog.text, ',')
        INTO pending, keys
        FROM (
            SELECT r.{key}::pg_catalog.text AS key
            FROM backfilld_inserted AS r
            WHERE r.{embedding} IS NULL
            LIMIT 501
        ) AS p;
    EXCEPTION WHEN undefined_column THEN
        -- The owner renamed a column: that must not fail the owner's INSERT. The daemon says what to do.
        pending := 501;
    END;
    -- A full notification queue fails the commits of everybody who notifies: stay far away from that.
    IF pending OPERATOR(pg_catalog.=) 0
        OR pg_catalog.pg_notification_queue_usage() OPERATOR(pg_catalog.>) 0.5::pg_catalog.float8 THEN
        RETURN NULL;
    END IF;
    keys := pg_catalog.concat('{watch} [', keys, ']');
    -- NOTIFY takes 7,999 bytes.
    IF pending OPERATOR(pg_catalog.>) 500 OR pg_catalog.octet_length(keys) OPERATOR(pg_catalog.>) 7999 THEN
        keys := '{watch}';
    END IF;
    PERFORM pg_catalog.pg_notify('backfilld', keys);
    RETURN NULL;
END
