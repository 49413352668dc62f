-- Takes back a vector from rows whose text a trigger changed while it was written, if it is the text they have now.
-- $1 text[]: keys; $2 bigint[]: the hashes after the write.
UPDATE {table} AS t
SET {embedding} = NULL
FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.int8[])) AS b (key, source)
WHERE t.{key} {equals} b.key::{key_type} AND t.{embedding} IS NOT NULL AND {source} OPERATOR(pg_catalog.=) b.source
