-- Whether any row is pending and due: one look into the partial index, and one more for each row that is kept back; and
-- whether the table is still what it was when it was looked up.
SELECT
    EXISTS (SELECT FROM {table} AS t WHERE t.{embedding} IS NULL AND {unpaused} AND {due}) AS pending,
    {unchanged} AS unchanged
