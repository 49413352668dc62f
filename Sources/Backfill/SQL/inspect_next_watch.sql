SELECT (CASE WHEN is_called THEN last_value + 1 ELSE last_value END)::pg_catalog.int4 AS id FROM backfilld.watch_id_seq
