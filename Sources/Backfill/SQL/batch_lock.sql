-- Whether one pending row may be locked at all: an error says that somebody has it, no row that a policy hides it from us.
-- $1 text: key.
SELECT 1 AS free
FROM {table} AS t
WHERE t.{key} {equals} $1::pg_catalog.text::{key_type} AND {pending}
FOR NO KEY UPDATE OF t NOWAIT
