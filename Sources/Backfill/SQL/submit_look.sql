-- What has become of rows that an endpoint was given to write them itself. $1 text[]: keys.
-- Answers the hash of the text that each of them has now, whether it has no embedding, and the dimension of the one that it
-- has where the column's type does not see to that. NULL instead of a key says that these vectors belong in the column no
-- more; see batch_write.sql.
SELECT t.{key}::pg_catalog.text AS key, {source} AS source, t.{embedding} IS NULL AS pending,
    {free_dimension} AS dimension
FROM {table} AS t
WHERE t.{key} {equals} ANY ({keys})
UNION ALL
SELECT NULL, NULL, NULL, NULL WHERE NOT EXISTS ({license})
