-- Writes vectors into the rows that are still pending and still have the text that was embedded, and into no others.
-- num_nulls(…) = 1 says IS NULL so that the planner can't take the index on the pending rows for it: the statistics
-- may say that it is empty, while it has a million entries. The rows come by their keys.
-- It waits for no row lock and locks in key order, so it neither blocks nor deadlocks with anybody.
-- The license says whether what this daemon knows of the column is still so. Whoever changes that holds a lock on the
-- table that a write conflicts with, until the change is committed. A write that was there first ends before the change.
-- One that comes later waits for the lock when it is planned or its plan is taken up again, before the snapshot that it
-- runs with is taken (READ COMMITTED takes one for each statement), and so sees the change. Whoever opens a transaction
-- of another isolation level round it loses that.
-- $1 text[]: keys; $2 bigint[]: source hashes; $3: the vectors, as an array of the column's type, or for real[] one
-- after another in one array; $4 int: their dimension.
-- Answers the number of each row that it locked, with NULL and whether nothing but a change of the row at this very moment
-- can keep it from being written; and once more if it was written, with the hash after the write, and whether a trigger
-- put NULL in the vector's place. (A join of the two would be a row against every row.) The number 0
-- says that there is no license, and nothing was written.
WITH license AS MATERIALIZED (
    {license}
), batch AS MATERIALIZED (
    SELECT b.key::{key_type} AS key, b.source, b.number
    FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.int8[]))
        WITH ORDINALITY AS b (key, source, number)
), locked AS MATERIALIZED (
    SELECT t.{key} AS key, t.ctid AS tid, b.source, b.number
    FROM batch AS b JOIN {table} AS t ON t.{key} {equals} b.key
    WHERE EXISTS (SELECT FROM license) AND {pending} AND {source} OPERATOR(pg_catalog.=) b.source
    ORDER BY t.{key}
    FOR NO KEY UPDATE OF t SKIP LOCKED
), written AS (
    UPDATE {table} AS t
    SET {embedding} = {value}
    FROM locked AS l
    WHERE {locked_row}
    -- without a trigger of the owner's nothing can have changed it
    RETURNING l.number, CASE WHEN {owner_triggers} THEN {source} ELSE l.source END AS source, {pending} AS discarded
)
SELECT l.number, NULL::pg_catalog.int8 AS source, NOT {owner_triggers} AS discarded FROM locked AS l
UNION ALL
SELECT w.number, w.source, w.discarded FROM written AS w
UNION ALL
SELECT 0, NULL, NULL WHERE NOT EXISTS (SELECT FROM license)
