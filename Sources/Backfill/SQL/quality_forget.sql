-- Keeps the history of a table small. $1 int: the table's number in backfilld.watch; $2 bigint: runs that are kept.
DELETE FROM backfilld.quality AS q
WHERE q.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND q.id OPERATOR(pg_catalog.<=) (
    SELECT o.id FROM backfilld.quality AS o
    WHERE o.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4
    ORDER BY o.id DESC OFFSET $2::pg_catalog.int8 LIMIT 1)
