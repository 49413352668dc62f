-- What else makes vectors comparable, and what it takes to change the model while search goes on.
ALTER TABLE backfilld.watch
    -- of the embedder, beyond its model: weights, pooling, precision, prompt, …
    ADD COLUMN traits jsonb NOT NULL DEFAULT '{}',
    -- goes up with every change of what is written into the column: writes of an older one are not carried out
    ADD COLUMN generation integer NOT NULL DEFAULT 1,
    -- the column that the last "backfilld reembed" put out of use and kept
    ADD COLUMN previous_column text;

-- A "backfilld reembed" under way: what it embeds with, and how far it is. Its number is the license of its writes.
CREATE TABLE backfilld.reembed (
    watch integer PRIMARY KEY REFERENCES backfilld.watch ON DELETE CASCADE,
    run bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    mode text NOT NULL CHECK (mode IN ('shadow', 'in-place')),
    phase text NOT NULL CHECK (phase IN ('filling', 'indexing', 'failed')),
    -- the column that is in use
    embedding_column text NOT NULL,
    -- shadow: the column that is being filled
    next_column text,
    embedder text NOT NULL,
    model text NOT NULL,
    dimension integer NOT NULL CHECK (dimension > 0),
    traits jsonb NOT NULL DEFAULT '{}',
    -- in-place: whose vectors those are that it has not come to yet, and the key of the last row that it has
    old_embedder text,
    old_model text,
    old_traits jsonb NOT NULL DEFAULT '{}',
    cursor text,
    walked bigint NOT NULL DEFAULT 0,
    -- in-place: the rows that took no new vector; the first of them by key, with the hashes of the vectors that they keep
    failed_rows bigint NOT NULL DEFAULT 0,
    failed text[] NOT NULL DEFAULT '{}',
    failed_vectors bigint[] NOT NULL DEFAULT '{}',
    total bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CHECK (mode = 'in-place' OR next_column IS NOT NULL)
);

-- Who may read what is watched, as "setup --role" grants it, may read of a run too.
DO $backfilld$
DECLARE
    reader pg_catalog.text;
BEGIN
    FOR reader IN
        SELECT DISTINCT r.rolname::pg_catalog.text
        FROM pg_catalog.pg_class AS c, pg_catalog.aclexplode(c.relacl) AS a, pg_catalog.pg_roles AS r
        WHERE c.oid = 'backfilld.watch'::pg_catalog.regclass AND r.oid = a.grantee AND a.privilege_type = 'SELECT'
            AND r.oid <> c.relowner
    LOOP
        EXECUTE pg_catalog.format('GRANT SELECT ON backfilld.reembed TO %I', reader);
    END LOOP;
END
$backfilld$;
