-- The rows that have the query's words, the most relevant first; part of the statements below. Reading the words of a row
-- is what takes time, so that their number may be limited.
SELECT m.place, m.key, m.embedding{passed}, pg_catalog.ts_rank_cd(m.document, {words}, 1)::pg_catalog.float8 AS relevance
FROM (
    SELECT t.ctid AS place, t.{key}::pg_catalog.text COLLATE pg_catalog."C" AS key, t.{embedding} AS embedding{carried},
        {document} AS document
    FROM {table} AS t
    WHERE {document} OPERATOR(pg_catalog.@@) {words}{filters}
    LIMIT {ranked}
) AS m
ORDER BY relevance DESC, m.key
LIMIT {candidates}
