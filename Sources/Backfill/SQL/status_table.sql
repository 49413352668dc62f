-- How full a table is. $1 oid as bigint: the table; $2 bigint: pending rows are counted up to so many.
-- Up to 100,000 rows (as the last ANALYZE saw them) are counted, more are estimated; partitions are added up.
WITH leaves AS (
    SELECT pg_catalog.sum(GREATEST(c.reltuples, 0))::pg_catalog.int8 AS tuples,
        pg_catalog.bool_and(c.reltuples OPERATOR(pg_catalog.>=) 0) AS known
    FROM pg_catalog.pg_partition_tree($1::pg_catalog.int8::pg_catalog.oid::pg_catalog.regclass) AS p
    JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) p.relid
    WHERE p.isleaf
), own AS (
    -- pg_partition_tree answers nothing for a plain table of some versions
    SELECT GREATEST(c.reltuples, 0)::pg_catalog.int8 AS tuples,
        c.reltuples OPERATOR(pg_catalog.>=) 0 AS known
    FROM pg_catalog.pg_class AS c WHERE c.oid OPERATOR(pg_catalog.=) $1::pg_catalog.int8::pg_catalog.oid
), estimate AS (
    SELECT COALESCE(l.tuples, o.tuples) AS tuples, COALESCE(l.known, o.known) AS known FROM own AS o, leaves AS l
), counted AS (
    SELECT pg_catalog.count(*) AS rows FROM (SELECT FROM {table} AS t LIMIT 100001) AS r
), pending AS (
    SELECT pg_catalog.count(*) AS rows FROM (SELECT FROM {table} AS t WHERE t.{embedding} IS NULL LIMIT $2) AS r
)
SELECT
    CASE WHEN c.rows OPERATOR(pg_catalog.<=) 100000 THEN c.rows ELSE GREATEST(e.tuples, c.rows) END AS rows,
    c.rows OPERATOR(pg_catalog.<=) 100000 AS rows_exact,
    p.rows AS pending
FROM counted AS c, pending AS p, estimate AS e
