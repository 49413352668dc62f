-- The number of the next watch, where the relation's own index has $1 in its name (or NULL), and $2 is the largest in any.
SELECT CASE
    WHEN $1::pg_catalog.int4 IS NOT NULL AND NOT EXISTS (SELECT FROM backfilld.watch w WHERE w.id = $1) THEN $1
    ELSE GREATEST(CASE WHEN s.is_called THEN s.last_value + 1 ELSE s.last_value END,
        (SELECT pg_catalog.max(w.id) + 1 FROM backfilld.watch w), $2::pg_catalog.int4 + 1)
END::pg_catalog.int4 AS id
FROM backfilld.watch_id_seq AS s
