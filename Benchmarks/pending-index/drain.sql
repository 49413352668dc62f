-- One drain: psql variables page, dimension, variant, snapshot. The planner is told what the daemon tells it: an index
-- scan, because only that marks the entries of dead rows so that the next scan skips them.
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT set_config('bench.page', :'page', false), set_config('bench.dimension', :'dimension', false),
    set_config('bench.variant', :'variant', false), set_config('bench.snapshot', :'snapshot', false) \g /dev/null
DO $$
DECLARE
    variant text := current_setting('bench.variant');
    page int := current_setting('bench.page');
    vector_text text := array_fill(0.05::real, ARRAY[current_setting('bench.dimension')::int])::text;
    keys uuid[];
    last uuid := '00000000-0000-0000-0000-000000000000';
    started timestamptz;
    scanning interval := '0';
    writing interval := '0';
    last_page interval := '0';
    pages int := 0;
    total int := 0;
    probe interval;
    scan text;
BEGIN
    vector_text := translate(vector_text, '{}', '[]');
    IF variant = 'key' THEN
        scan := 'SELECT array_agg(id) FROM (SELECT id FROM pending_index.key
            WHERE embedding IS NULL AND id > $1 ORDER BY id LIMIT $2) p';
    ELSE
        scan := format('SELECT array_agg(id) FROM (SELECT id FROM pending_index.%I
            WHERE embedding IS NULL AND $1 IS NOT NULL LIMIT $2) p', variant);
    END IF;
    LOOP
        started := clock_timestamp();
        EXECUTE scan INTO keys USING last, page;
        last_page := clock_timestamp() - started;
        scanning := scanning + last_page;
        EXIT WHEN keys IS NULL;
        pages := pages + 1;
        total := total + cardinality(keys);
        last := keys[cardinality(keys)];
        COMMIT;
        started := clock_timestamp();
        FOR batch IN 0..(cardinality(keys) - 1) / 1000 LOOP
            EXECUTE format('UPDATE pending_index.%I t SET embedding = $1::vector FROM unnest($2) k(id)
                WHERE t.id = k.id AND t.embedding IS NULL', variant)
                USING vector_text, keys[batch * 1000 + 1 : batch * 1000 + 1000];
            COMMIT;
        END LOOP;
        writing := writing + (clock_timestamp() - started);
    END LOOP;
    -- The heartbeat's probe on a table with nothing pending, after the drain and before any vacuum.
    started := clock_timestamp();
    EXECUTE format('SELECT count(*) FROM (SELECT FROM pending_index.%I WHERE embedding IS NULL LIMIT 1) p', variant);
    probe := clock_timestamp() - started;
    PERFORM set_config('bench.result', format('%s %s %s %s %s %s %s %s',
        rpad(variant, 9), rpad(current_setting('bench.snapshot'), 8), lpad(total::text, 8), lpad(pages::text, 6),
        lpad(round(extract(epoch FROM scanning)::numeric, 2)::text, 10),
        lpad(round(extract(epoch FROM writing)::numeric, 2)::text, 10),
        lpad(round(extract(epoch FROM last_page)::numeric * 1000, 2)::text, 12),
        lpad(round(extract(epoch FROM probe)::numeric * 1000, 2)::text, 12)), false);
END
$$;
SELECT current_setting('bench.result');
