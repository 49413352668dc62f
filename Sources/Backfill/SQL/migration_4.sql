-- What "backfilld quality" found, run by run, so that a change shows.
CREATE TABLE backfilld.quality (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    watch integer NOT NULL REFERENCES backfilld.watch ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    -- which state of backfilld.watch was looked at: vectors of two generations cannot be compared
    generation integer NOT NULL,
    -- the figures by name, those that could be told
    figures jsonb NOT NULL,
    -- the mean of the sampled vectors, each of length one; kept of a generation's first run and of its last
    centroid real[]
);
CREATE INDEX quality_runs ON backfilld.quality (watch, id);

-- Who may say what a daemon does may keep figures too; who may read of it may read of those.
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
        EXECUTE pg_catalog.format('GRANT %s ON backfilld.quality TO %I',
            CASE WHEN may_write THEN 'SELECT, INSERT, UPDATE, DELETE' ELSE 'SELECT' END, grantee);
    END LOOP;
END
$backfilld$;
