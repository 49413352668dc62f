-- A few rows as they would be embedded, whether set up or not. $1 int: characters of a column; $2 bigint: rows.
SELECT t.{key}::pg_catalog.text AS key, {columns}
FROM {table} AS t
LIMIT $2::pg_catalog.int8
