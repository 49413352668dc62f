-- What version 1 of the schema says of a table, for the set-up that brings it up to date.
SELECT
    id, key_column, embedding_column, recipe, embedder, model, dimension, notify, set_up_by_version,
    1 AS generation, NULL::pg_catalog.text AS previous_column,
    '{}'::pg_catalog.text[] AS trait_names, '{}'::pg_catalog.text[] AS trait_values
FROM backfilld.watch
WHERE relation = $1::pg_catalog.oid
