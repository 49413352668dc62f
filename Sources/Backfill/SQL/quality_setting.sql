-- How far the index is searched by what follows in this transaction, and that it is: a small table the server would rather
-- compare row by row. $1 text: the setting's name, $2 text: its value.
SELECT pg_catalog.set_config($1::pg_catalog.text, $2::pg_catalog.text, true),
    pg_catalog.set_config('enable_seqscan', 'off', true)
