-- Rows of the shape of music_knowledge, about 250 bytes each, in COPY's text form.
COPY (
    SELECT 'Topic ' || n, 'mixing', jsonb_build_object(
        'title', 'Suggestion ' || n,
        'description', repeat('cut the low mids by two decibels, ', 3) || n,
        'parameters', jsonb_build_object('frequency', n % 20000, 'gain', -2.5, 'q', 1.4))
    FROM generate_series(1, :rows) n
) TO STDOUT;
