-- How the search that follows in this transaction is planned: not by what the other statements of our sessions need.
-- $1 bool: whether no index on the vectors is to be used; $2 int: candidates; $3 text: the order of an iterative scan,
-- NULL where pgvector has none; $4 int: ivfflat's lists to look into.
SELECT
    pg_catalog.set_config('transaction_read_only', 'on', true),
    pg_catalog.set_config('enable_seqscan', 'on', true),
    pg_catalog.set_config('enable_bitmapscan', 'on', true),
    pg_catalog.set_config('enable_indexscan', CASE WHEN $1::pg_catalog.bool THEN 'off' ELSE 'on' END, true),
    pg_catalog.set_config('plan_cache_mode', 'force_custom_plan', true),
    -- Somebody's own setting for the role or the database stands where it looks at more.
    CASE WHEN {has_hnsw} THEN pg_catalog.set_config('hnsw.ef_search', GREATEST(
        $2::pg_catalog.int4,
        NULLIF(pg_catalog.current_setting('hnsw.ef_search', true), '')::pg_catalog.int4)::pg_catalog.text, true) END,
    CASE WHEN {has_ivfflat} THEN pg_catalog.set_config('ivfflat.probes', GREATEST(
        $4::pg_catalog.int4,
        NULLIF(pg_catalog.current_setting('ivfflat.probes', true), '')::pg_catalog.int4)::pg_catalog.text, true) END,
    -- Rows that a filter or a policy hides do not use up what the index gives.
    CASE WHEN {has_hnsw} AND $3::pg_catalog.text IS NOT NULL
        THEN pg_catalog.set_config('hnsw.iterative_scan', $3::pg_catalog.text, true) END,
    CASE WHEN {has_ivfflat} AND $3::pg_catalog.text IS NOT NULL
        THEN pg_catalog.set_config('ivfflat.iterative_scan', 'relaxed_order', true) END
