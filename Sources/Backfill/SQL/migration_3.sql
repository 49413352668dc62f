-- What several daemons on one table share: which rows failed, whether it is paused, who has it to itself.
ALTER TABLE backfilld.watch
    -- since when and by whom no row of the table is begun; NULL: it is worked on
    ADD COLUMN paused_at timestamptz,
    ADD COLUMN paused_by text;

ALTER TABLE backfilld.activity
    -- rows in batches under way
    ADD COLUMN working integer NOT NULL DEFAULT 0,
    -- rows whose vector is there and waits for somebody's lock
    ADD COLUMN held integer NOT NULL DEFAULT 0,
    -- how the daemon learns of rows: listening, polling, paused, …
    ADD COLUMN mode text;

-- Rows that failed by their own fault. An entry keeps its row back until next_try, as long as the row has the text that
-- it failed with.
CREATE TABLE backfilld.failure (
    watch integer NOT NULL REFERENCES backfilld.watch ON DELETE CASCADE,
    -- of the default collation, which gives way to that of the column it is compared with
    key text NOT NULL,
    -- a key may be longer than an entry of an index; this is not md5, which a server in FIPS mode refuses
    key_hash bigint GENERATED ALWAYS AS (pg_catalog.hashtextextended(key COLLATE pg_catalog."C", 0)) STORED,
    -- the hash of what it failed with; NULL: not known, any text is kept back
    source bigint,
    attempts integer NOT NULL CHECK (attempts > 0),
    reason text NOT NULL,
    first_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    last_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    -- infinity: set aside
    next_try timestamptz NOT NULL,
    -- who it failed for the last time
    daemon text NOT NULL,
    -- in this order, so that no other index can be taken for looking one row up
    PRIMARY KEY (key_hash, watch)
);
-- The entries of a table, and until when they keep their rows back.
CREATE INDEX failure_due ON backfilld.failure (watch, next_try);

-- Behind a transaction pooler, where no lock outlives a transaction: which daemon has a table, and until when.
CREATE TABLE backfilld.lease (
    watch integer PRIMARY KEY REFERENCES backfilld.watch ON DELETE CASCADE,
    daemon text NOT NULL,
    host text NOT NULL,
    until timestamptz NOT NULL
);

-- Who may say what a daemon does may keep its failures and leases too; who may read of it may read of those.
DO $backfilld$
DECLARE
    grantee pg_catalog.text;
    may_write pg_catalog.bool;
BEGIN
    FOR grantee, may_write IN
        SELECT r.rolname::pg_catalog.text,
            pg_catalog.bool_or(c.relname = 'activity' AND a.privilege_type = 'INSERT')
        FROM pg_catalog.pg_class AS c, pg_catalog.aclexplode(c.relacl) AS a, pg_catalog.pg_roles AS r
        WHERE c.oid IN ('backfilld.watch'::pg_catalog.regclass, 'backfilld.activity'::pg_catalog.regclass)
            AND r.oid = a.grantee AND r.oid <> c.relowner
        GROUP BY r.rolname
        HAVING pg_catalog.bool_or(c.relname = 'watch' AND a.privilege_type = 'SELECT')
    LOOP
        EXECUTE pg_catalog.format('GRANT %s ON backfilld.failure, backfilld.lease TO %I',
            CASE WHEN may_write THEN 'SELECT, INSERT, UPDATE, DELETE' ELSE 'SELECT' END, grantee);
    END LOOP;
END
$backfilld$;
