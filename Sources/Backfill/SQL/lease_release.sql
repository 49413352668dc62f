-- Gives our lease of a table back, so that another daemon need not wait for its end. $1 int: the table's number in
-- backfilld.watch; $2 text: daemon.
DELETE FROM backfilld.lease AS l
WHERE l.watch OPERATOR(pg_catalog.=) $1 AND l.daemon OPERATOR(pg_catalog.=) $2
