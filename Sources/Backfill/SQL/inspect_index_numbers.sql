-- The watch numbers in the names of pending indexes: that of the relation $1, and the largest of all. After a
-- DROP SCHEMA backfilld the indexes of earlier set-ups are still there.
SELECT
    pg_catalog.max(i.number) FILTER (WHERE i.relation = $1::pg_catalog.oid AND i.is_partial)::pg_catalog.int4 AS own,
    pg_catalog.max(i.number)::pg_catalog.int4 AS largest
FROM (
    SELECT x.indrelid AS relation, x.indpred IS NOT NULL AS is_partial,
        pg_catalog.substring(c.relname::pg_catalog.text, '^backfilld_pending_([0-9]{1,8})$')::pg_catalog.int4 AS number
    FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid
    WHERE c.relname LIKE 'backfilld\_pending\_%'
) AS i
