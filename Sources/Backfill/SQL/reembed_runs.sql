-- The columns that reembeds have made and not dropped, by watch: one that is being filled, one that was kept; and whether
-- one is under way whose vectors are among the old ones.
SELECT w.id AS watch, r.next_column, w.previous_column, COALESCE(r.mode = 'in-place', false) AS is_mixed
FROM backfilld.watch AS w
LEFT JOIN backfilld.reembed AS r ON r.watch OPERATOR(pg_catalog.=) w.id
