-- Takes the lease of a table where nobody has it or its time is over, or makes ours longer. Everything by the server's
-- clock. $1 int: the table's number in backfilld.watch; $2 text: daemon; $3 text: host; $4 float8: for so many seconds.
-- Answers whose it is now and for how many more seconds; nothing where another was quicker just now.
WITH taken AS (
    INSERT INTO backfilld.lease AS l (watch, daemon, host, until)
    SELECT
        $1::pg_catalog.int4, $2::pg_catalog.text, $3::pg_catalog.text,
        pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => $4::pg_catalog.float8)
    ON CONFLICT (watch) DO UPDATE SET daemon = EXCLUDED.daemon, host = EXCLUDED.host, until = EXCLUDED.until
    WHERE l.daemon OPERATOR(pg_catalog.=) EXCLUDED.daemon
       OR l.until OPERATOR(pg_catalog.<) pg_catalog.clock_timestamp()
    RETURNING l.daemon, l.host, l.until
), holder AS (
    SELECT t.daemon, t.host, t.until FROM taken AS t
    UNION ALL
    SELECT l.daemon, l.host, l.until
    FROM backfilld.lease AS l
    WHERE l.watch OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND NOT EXISTS (SELECT FROM taken)
)
SELECT
    h.daemon, h.host,
    EXTRACT(epoch FROM h.until OPERATOR(pg_catalog.-) pg_catalog.clock_timestamp())::pg_catalog.float8 AS remaining
FROM holder AS h
