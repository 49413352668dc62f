-- The reembed of a table that is under way. $1 int: the table's number in backfilld.watch.
SELECT
    r.run, r.mode, r.phase, r.embedding_column, r.next_column, r.embedder, r.model, r.dimension, r.old_embedder, r.old_model, r.cursor,
    r.walked, r.total, r.failed_rows, r.failed, r.failed_vectors,
    pg_catalog.to_char(r.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started_at,
    ARRAY(SELECT t.key FROM pg_catalog.jsonb_each_text(r.traits) AS t (key, value) ORDER BY t.key COLLATE "C") AS trait_names,
    ARRAY(SELECT t.value FROM pg_catalog.jsonb_each_text(r.traits) AS t (key, value) ORDER BY t.key COLLATE "C") AS trait_values,
    ARRAY(SELECT t.key FROM pg_catalog.jsonb_each_text(r.old_traits) AS t (key, value) ORDER BY t.key COLLATE "C") AS old_trait_names,
    ARRAY(SELECT t.value FROM pg_catalog.jsonb_each_text(r.old_traits) AS t (key, value) ORDER BY t.key COLLATE "C") AS old_trait_values
FROM backfilld.reembed AS r
WHERE r.watch OPERATOR(pg_catalog.=) $1
