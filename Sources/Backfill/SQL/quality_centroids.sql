-- The centroids of a generation that are kept, oldest first. $1 int: the table's number in backfilld.watch; $2 int: the
-- generation.
SELECT EXTRACT(epoch FROM q.at)::pg_catalog.float8 AS at, q.centroid
FROM backfilld.quality AS q
WHERE q.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND q.generation OPERATOR(pg_catalog.=) $2::pg_catalog.int4
    AND q.centroid IS NOT NULL
ORDER BY q.id
