-- The server process of this session, and when it began: numbers come back, and with them somebody else.
SELECT s.pid, s.backend_start::pg_catalog.text AS begin
FROM pg_catalog.pg_stat_activity AS s WHERE s.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()
