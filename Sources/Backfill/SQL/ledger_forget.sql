-- Takes all entries of a table away. $1 int: watch.
DELETE FROM backfilld.failure AS f WHERE f.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4
