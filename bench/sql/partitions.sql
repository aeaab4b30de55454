-- partitions: the partitions of a table that more than one part make up
SELECT partition FROM system.parts
WHERE database = currentDatabase() AND table = {table:String} AND active
GROUP BY partition
HAVING count() > 1
ORDER BY partition
