SELECT id, key_column, embedding_column, recipe, embedder, model, dimension, notify, set_up_by_version
FROM backfilld.watch
WHERE relation = $1::pg_catalog.oid
