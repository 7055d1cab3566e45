-- The columns of tables: one row each, or one row without a column for a table that has none.
-- A partitioned table has no rows: whether a column of it is filled, its partitions say.
WITH RECURSIVE part AS (
  SELECT c.oid AS root, c.oid FROM pg_class c WHERE c.oid = ANY (?) AND c.relkind = 'p'
  UNION ALL
  SELECT p.root, c.oid
  FROM part p
  JOIN pg_inherits i ON i.inhparent = p.oid
  JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
), filled AS (
  SELECT DISTINCT p.root, a.attname
  FROM part p JOIN pg_attribute a ON a.attrelid = p.oid AND a.atthasmissing
), base AS (
  SELECT t.oid AS type, t.oid, t.typtype, t.typbasetype, t.typcategory, 0 AS depth
  FROM pg_type t
  WHERE t.oid IN (SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = ANY (?))
  UNION ALL
  SELECT b.type, t.oid, t.typtype, t.typbasetype, t.typcategory, b.depth + 1
  FROM base b JOIN pg_type t ON t.oid = b.typbasetype
  WHERE b.typtype = 'd' AND b.depth < 100
), meaning AS (
  SELECT b.type, CASE WHEN b.typcategory = 'S' THEN 'text'::regtype ELSE b.oid END AS oid
  FROM base b WHERE b.typtype <> 'd'
)
SELECT c.oid, c.relfilenode, a.attnum, a.attname, coalesce(m.oid, a.atttypid),
       a.attgenerated = '' OR a.attgenerated = 's' AND ?,
       a.atthasmissing OR f.root IS NOT NULL, coalesce(d.oid, 0), a.xmin::text
FROM pg_class c
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN meaning m ON m.type = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN filled f ON f.root = c.oid AND f.attname = a.attname
WHERE c.oid = ANY (?)
ORDER BY c.oid, a.attnum
