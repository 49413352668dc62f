-- The body of backfilld.search. It runs as whoever calls it, with an empty search_path: row level security and privileges
-- hold as in any query of the caller's. What the table's key and embedding are is looked up at each call, so that a
-- renamed table, or one that was embedded anew, stays right.
#variable_conflict use_column
DECLARE
    watched record;
    found_index record;
    wanted pg_catalog.regclass := pg_catalog.to_regclass(table_name);
    vector_type pg_catalog.text;
    space pg_catalog.text;
    sign pg_catalog.text;
    distance_of pg_catalog.text;
    similarity_of pg_catalog.text;
    read_columns pg_catalog.text;
    conditions pg_catalog.text := '';
    given record;
    old_search pg_catalog.text := pg_catalog.current_setting('hnsw.ef_search', true);
    old_probes pg_catalog.text := pg_catalog.current_setting('ivfflat.probes', true);
    old_scan pg_catalog.text := pg_catalog.current_setting('hnsw.iterative_scan', true);
BEGIN
    -- A record has no fields before it is assigned.
    SELECT NULL AS oprname, NULL AS amname, NULL AS lists INTO found_index;
    IF k IS NULL OR k < 1 OR k > 1000 THEN
        RAISE EXCEPTION 'k is to be from 1 to 1000' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF query IS NULL THEN
        RAISE EXCEPTION 'the query has no vector' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    -- A name without its schema is that of the one watched table of that name.
    SELECT w.relation::pg_catalog.oid AS oid, w.key_column, w.embedding_column, n.nspname, c.relname
    INTO watched
    FROM backfilld.watch w
    JOIN pg_catalog.pg_class c ON c.oid = w.relation::pg_catalog.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE w.relation = wanted
        OR wanted IS NULL AND (c.relname = table_name OR pg_catalog.quote_ident(c.relname) = table_name)
    ORDER BY w.id
    LIMIT 1;
    IF FOUND AND wanted IS NULL AND 1 < (
        SELECT pg_catalog.count(*) FROM backfilld.watch w
        JOIN pg_catalog.pg_class c ON c.oid = w.relation::pg_catalog.oid
        WHERE c.relname = table_name OR pg_catalog.quote_ident(c.relname) = table_name)
    THEN
        RAISE EXCEPTION 'several tables % are set up', pg_catalog.quote_literal(table_name)
            USING ERRCODE = 'ambiguous_alias', HINT = 'write the name with its schema';
    END IF;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no table % is set up', pg_catalog.quote_literal(table_name)
            USING ERRCODE = 'undefined_table', HINT = 'backfilld.watch has those that are';
    END IF;

    SELECT pg_catalog.format('%I.%I', n.nspname, y.typname), pg_catalog.quote_ident(n.nspname)
    INTO vector_type, space
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
    JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
    WHERE a.attrelid = watched.oid AND a.attname = watched.embedding_column;
    IF vector_type IN ('pg_catalog._float4') THEN
        similarity_of := pg_catalog.format(
            '(SELECT pg_catalog.sum(u.a::float8 * u.b::float8) / NULLIF(pg_catalog.sqrt('
            'pg_catalog.sum(u.a::float8 * u.a::float8) * pg_catalog.sum(u.b::float8 * u.b::float8)), 0) '
            'FROM ROWS FROM (pg_catalog.unnest(t.%I), pg_catalog.unnest($1::pg_catalog.float4[])) AS u (a, b))',
            watched.embedding_column);
        distance_of := '(1 - ' || similarity_of || ')';
    ELSE
        -- By the operator of an index that gives an order by distance; by cosine distance where there is none.
        SELECT o.oprname, m.amname,
            (SELECT v.option_value FROM pg_catalog.pg_options_to_table(c.reloptions) v WHERE v.option_name = 'lists')
                AS lists
        INTO found_index
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_am m ON m.oid = c.relam
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attname = watched.embedding_column
            AND a.attnum = i.indkey[0]
        JOIN pg_catalog.pg_opclass oc ON oc.oid = i.indclass[0]
        JOIN pg_catalog.pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amoppurpose = 'o' AND ao.amopstrategy = 1
        JOIN pg_catalog.pg_operator o ON o.oid = ao.amopopr
        WHERE i.indrelid = watched.oid AND i.indisvalid AND i.indpred IS NULL
            AND o.oprname IN ('<=>', '<#>', '<->', '<+>')
        ORDER BY o.oprname = '<=>' DESC, m.amname, i.indexrelid
        LIMIT 1;
        sign := COALESCE(found_index.oprname, '<=>');
        distance_of := pg_catalog.format(
            '(t.%I OPERATOR(%s.%s) $1::%s)', watched.embedding_column, space, sign, vector_type);
        similarity_of := pg_catalog.format(
            '(1 - (t.%I OPERATOR(%s.<=>) $1::%s))', watched.embedding_column, space, vector_type);
        -- The zero vector, of a row without text, has no direction, but by another distance it has a place among all others.
        IF sign <> '<=>' THEN
            conditions := pg_catalog.format(
                ' AND (t.%1$I OPERATOR(%2$s.<=>) t.%1$I) <> ''NaN''', watched.embedding_column, space);
        END IF;
    END IF;

    IF pg_catalog.jsonb_typeof(filters) <> 'object' THEN
        RAISE EXCEPTION 'filters is to be an object of columns and values, such as {"category": "mixing"}'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR given IN
        SELECT f.key AS name, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(y.typname) AS type, y.typcategory = 'A' AS is_array,
            -- Of several values any will do; of a column that is an array, any of its own.
            CASE pg_catalog.jsonb_typeof(f.value)
                WHEN 'null' THEN NULL
                WHEN 'array' THEN ARRAY(SELECT pg_catalog.jsonb_array_elements_text(f.value))
                ELSE ARRAY[f.value #>> '{}'] END AS accepted
        FROM pg_catalog.jsonb_each(COALESCE(filters, '{}')) AS f
        LEFT JOIN pg_catalog.pg_attribute a
            ON a.attrelid = watched.oid AND a.attname = f.key AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
    LOOP
        IF given.is_array IS NULL THEN
            RAISE EXCEPTION 'table % has no column % to filter by', pg_catalog.quote_literal(table_name),
                pg_catalog.quote_literal(given.name) USING ERRCODE = 'undefined_column';
        END IF;
        conditions := conditions || CASE WHEN given.accepted IS NULL
            THEN pg_catalog.format(' AND t.%I IS NULL', given.name)
            WHEN given.is_array
            THEN pg_catalog.format(' AND t.%I OPERATOR(pg_catalog.&&) %L::%s', given.name, given.accepted, given.type)
            ELSE pg_catalog.format(' AND t.%I = ANY (%L::%s[])', given.name, given.accepted, given.type) END;
    END LOOP;

    -- Of each row what the caller may read, without vectors and words.
    SELECT pg_catalog.string_agg(pg_catalog.format('t.%I', a.attname), ', ' ORDER BY a.attnum)
    INTO read_columns
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
    WHERE a.attrelid = watched.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> watched.embedding_column
        AND y.typname NOT IN ('vector', 'halfvec', 'sparsevec', 'tsvector')
        AND pg_catalog.has_column_privilege(watched.oid, a.attnum, 'SELECT');

    -- For this search alone: as many candidates as are good answers, and more where filters or policies hide rows.
    IF found_index.amname = 'hnsw' THEN
        PERFORM pg_catalog.set_config('hnsw.ef_search', GREATEST(
            NULLIF(old_search, '')::pg_catalog.int4, 150, LEAST(1000, 2 * k))::pg_catalog.text, true);
        IF old_scan IS NOT NULL THEN
            PERFORM pg_catalog.set_config('hnsw.iterative_scan', 'strict_order', true);
        END IF;
    ELSIF found_index.amname = 'ivfflat' THEN
        PERFORM pg_catalog.set_config('ivfflat.probes', GREATEST(
            NULLIF(old_probes, '')::pg_catalog.int4,
            pg_catalog.ceil(pg_catalog.sqrt(COALESCE(found_index.lists, '100')::pg_catalog.float8))::pg_catalog.int4
        )::pg_catalog.text, true);
    END IF;
    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT n.* FROM (SELECT t.%I::pg_catalog.text, (%s)::pg_catalog.float8 AS similarity, '
        '(%s)::pg_catalog.float8 AS distance, (SELECT pg_catalog.to_jsonb(r) FROM (SELECT %s) AS r) '
        'FROM %I.%I AS t WHERE t.%I IS NOT NULL%s ORDER BY %s LIMIT $2) AS n '
        'WHERE n.distance < ''Infinity'' ORDER BY n.distance',
        watched.key_column, similarity_of, distance_of, read_columns, watched.nspname, watched.relname,
        watched.embedding_column, conditions, distance_of)
    USING query, k;
    IF found_index.amname = 'hnsw' THEN
        PERFORM pg_catalog.set_config('hnsw.ef_search', old_search, true);
        IF old_scan IS NOT NULL THEN PERFORM pg_catalog.set_config('hnsw.iterative_scan', old_scan, true); END IF;
    ELSIF found_index.amname = 'ivfflat' THEN
        PERFORM pg_catalog.set_config('ivfflat.probes', old_probes, true);
    END IF;
END
