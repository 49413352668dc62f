-- Everything about one row that decides whether it is embedded. $1 text: key; $2 int: characters of a column at most.
SELECT t.{key}::pg_catalog.text AS key, {source} AS source, t.{embedding} IS NULL AS pending,
    t.{embedding}::pg_catalog.text AS embedding,
    CASE WHEN pg_catalog.current_setting('track_commit_timestamp') OPERATOR(pg_catalog.=) 'on'
        THEN pg_catalog.to_char(pg_catalog.pg_xact_commit_timestamp(t.xmin), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END AS written,
    -- whoever has locked or changed it and has not ended yet; where several have, that is not to be seen here
    (SELECT l.pid FROM pg_catalog.pg_locks AS l
        WHERE l.locktype OPERATOR(pg_catalog.=) 'transactionid' AND l.granted
            AND l.transactionid OPERATOR(pg_catalog.=) t.xmax LIMIT 1) AS locked_by,
    {columns}
FROM {table} AS t
WHERE t.{key} {equals} $1::pg_catalog.text::{key_type}
