SELECT EXISTS (
    SELECT FROM (SELECT {embedding} AS embedding FROM {relation}{limit}) AS looked_at WHERE embedding IS NOT NULL
) AS is_filled
