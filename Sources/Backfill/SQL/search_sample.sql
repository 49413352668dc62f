-- Values of columns in a sample of the rows, cut: which columns have few. $1: the share of the pages, in percent.
SELECT {values}
FROM {table} AS t TABLESAMPLE SYSTEM ($1::pg_catalog.float4)
LIMIT 5000
