-- About how many rows are pending: what the last ANALYZE or VACUUM saw of the partial indexes. $1 oid as bigint, $2 text:
-- the index's name; $3 text: the column, for one that "reembed" fills has an index of its own.
SELECT COALESCE(pg_catalog.sum(GREATEST(i.reltuples, 0)), 0)::pg_catalog.int8 AS pending
FROM pg_catalog.pg_class AS i
JOIN pg_catalog.pg_index AS x ON x.indexrelid OPERATOR(pg_catalog.=) i.oid
WHERE i.relkind OPERATOR(pg_catalog.=) 'i'
  AND pg_catalog.starts_with(i.relname::pg_catalog.text, $2::pg_catalog.text)
  -- In this order: the condition's text is worked out with a lock on the index's table, which may be another that somebody
  -- has locked, and the planner may ask in any order but this.
  AND CASE
    WHEN x.indrelid OPERATOR(pg_catalog.=) $1::pg_catalog.int8::pg_catalog.oid
        OR EXISTS (
            SELECT FROM pg_catalog.pg_partition_ancestors(x.indrelid) AS a
            WHERE a.relid::pg_catalog.oid OPERATOR(pg_catalog.=) $1::pg_catalog.int8::pg_catalog.oid)
    THEN pg_catalog.pg_get_expr(x.indpred, x.indrelid)
        OPERATOR(pg_catalog.=) pg_catalog.format('(%I IS NULL)', $3::pg_catalog.text)
    ELSE false
  END
