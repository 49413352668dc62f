-- How many of some rows would lose their vector if the new column took the old one's place. $1 text[]: keys.
SELECT pg_catalog.count(*) AS lost
FROM {table} AS t
WHERE t.{key} {equals} ANY ({keys}) AND {pending} AND t.{old} IS NOT NULL
