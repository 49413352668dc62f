-- Takes away what daemons left behind whose session has ended, and answers since how many seconds rows were pending.
-- A role that may not see another's session start sees NULL there: then the process number has to do.
DELETE FROM backfilld.activity AS a
WHERE a.watch OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.int4[])
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_stat_activity AS s
    WHERE s.pid OPERATOR(pg_catalog.=) a.backend_pid
      AND COALESCE(s.backend_start, a.backend_start) OPERATOR(pg_catalog.=) a.backend_start)
RETURNING a.watch, EXTRACT(epoch FROM pg_catalog.now() OPERATOR(pg_catalog.-) a.pending_since)::pg_catalog.float8 AS pending_for
