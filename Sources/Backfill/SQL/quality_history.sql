-- The figures of former runs, oldest first. $1 int: the table's number in backfilld.watch.
SELECT EXTRACT(epoch FROM q.at)::pg_catalog.float8 AS at, f.key AS name, f.value::pg_catalog.float8 AS value
FROM backfilld.quality AS q
CROSS JOIN LATERAL pg_catalog.jsonb_each_text(q.figures) AS f
WHERE q.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4
ORDER BY q.id
