-- The rows nearest to the vector $1, by an order that an index may give; part of the statements below.
SELECT t.ctid AS place, t.{key}::pg_catalog.text COLLATE pg_catalog."C" AS key, t.{embedding} AS embedding{carried},
    {inner_distance} AS order_distance
FROM {from}
WHERE t.{embedding} IS NOT NULL{nonzero}{filters}
ORDER BY {order}
LIMIT {candidates}
