-- The functions named search in our schema: what each takes as a vector, and how DROP FUNCTION would name it.
SELECT
    COALESCE(CASE WHEN y.typname OPERATOR(pg_catalog.=) '_float4' THEN 'real[]' ELSE y.typname::pg_catalog.text END, '')
        AS vector_type,
    p.prosrc AS body,
    pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, (
        SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', m.nspname, a.typname), ', ' ORDER BY u.number)
        FROM pg_catalog.unnest(p.proargtypes::pg_catalog.oid[]) WITH ORDINALITY AS u (type, number)
        JOIN pg_catalog.pg_type a ON a.oid OPERATOR(pg_catalog.=) u.type
        JOIN pg_catalog.pg_namespace m ON m.oid OPERATOR(pg_catalog.=) a.typnamespace
    )) AS signature
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
LEFT JOIN pg_catalog.pg_type y ON y.oid OPERATOR(pg_catalog.=) p.proargtypes[1]
WHERE n.nspname OPERATOR(pg_catalog.=) 'backfilld' AND p.proname OPERATOR(pg_catalog.=) 'search'
ORDER BY p.oid
