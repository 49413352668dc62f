-- Everything that a swap is decided from, as one hash: it is computed before the facts are looked up, and again under the
-- lock. What depends on either column, as it is bound to it; all indexes; the table's partitions; what is recorded.
WITH RECURSIVE tree (oid, parent) AS (
    SELECT {relation}::pg_catalog.oid, 0::pg_catalog.oid
    UNION
    SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits AS i JOIN tree AS t ON t.oid = i.inhparent
), facts (line) AS (
    SELECT pg_catalog.concat_ws(' ', 'watch', w.generation, w.relation::pg_catalog.oid, w.key_column, w.embedding_column)
    FROM backfilld.watch AS w WHERE w.id = {watch}
    UNION ALL
    SELECT pg_catalog.concat_ws(' ', 'table', t.oid, t.parent, c.relname, c.relnamespace)
    FROM tree AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.oid
    UNION ALL
    SELECT pg_catalog.concat_ws(
        ' ', 'index', i.indexrelid, i.indrelid, i.indisvalid, h.inhparent, c.reltablespace, c.relname)
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    LEFT JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = i.indexrelid
    WHERE i.indrelid IN (SELECT t.oid FROM tree AS t)
    UNION ALL
    SELECT pg_catalog.concat_ws(
        ' ', 'column', a.attrelid, a.attnum, a.attname, d.classid, d.objid, d.objsubid, d.deptype)
    FROM pg_catalog.pg_attribute AS a
    LEFT JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
    WHERE a.attrelid IN (SELECT t.oid FROM tree AS t) AND a.attname IN ({columns}) AND NOT a.attisdropped
)
SELECT pg_catalog.md5(pg_catalog.string_agg(f.line, '|' ORDER BY f.line COLLATE "C")) AS fingerprint FROM facts AS f
