SELECT
    w.id, w.key_column, w.embedding_column, w.recipe, w.embedder, w.model, w.dimension, w.notify, w.set_up_by_version,
    w.generation, w.previous_column,
    ARRAY(SELECT t.key FROM pg_catalog.jsonb_each_text(w.traits) AS t (key, value) ORDER BY t.key COLLATE "C") AS trait_names,
    ARRAY(SELECT t.value FROM pg_catalog.jsonb_each_text(w.traits) AS t (key, value) ORDER BY t.key COLLATE "C") AS trait_values
FROM backfilld.watch w
WHERE w.relation = $1::pg_catalog.oid
