-- Drops the centroids that nothing is compared with any more: all of a table but those of the first run and the last of
-- its present generation. $1 int: the table's number in backfilld.watch; $2 int: the generation.
UPDATE backfilld.quality AS q
SET centroid = NULL
WHERE q.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND q.centroid IS NOT NULL AND NOT (
    q.generation OPERATOR(pg_catalog.=) $2::pg_catalog.int4 AND q.id OPERATOR(pg_catalog.=) ANY (
        SELECT pg_catalog.unnest(ARRAY[pg_catalog.min(o.id), pg_catalog.max(o.id)])
        FROM backfilld.quality AS o
        WHERE o.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND o.centroid IS NOT NULL
            AND o.generation OPERATOR(pg_catalog.=) $2::pg_catalog.int4))
