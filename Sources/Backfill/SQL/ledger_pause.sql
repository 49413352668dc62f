-- Pauses a table, or lets it go on, and tells the daemons. $1 int: watch; $2 bool: whether it is to be paused.
-- Answers nothing where it was so already.
UPDATE backfilld.watch AS w
SET paused_at = CASE WHEN $2::pg_catalog.bool THEN pg_catalog.now() END,
    paused_by = CASE WHEN $2::pg_catalog.bool THEN SESSION_USER::pg_catalog.text END
WHERE w.id OPERATOR(pg_catalog.=) $1::pg_catalog.int4
    AND (w.paused_at IS NULL) OPERATOR(pg_catalog.=) $2::pg_catalog.bool
RETURNING pg_catalog.pg_notify('backfilld', $1::pg_catalog.int4::pg_catalog.text) AS woken
