-- Whether any row is pending: one look into the partial index.
SELECT EXISTS (SELECT FROM {table} AS t WHERE t.{embedding} IS NULL) AS pending
