-- sizes: rows and bytes on disk of the tables that hold data
SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, count() AS parts
FROM system.parts
WHERE database = currentDatabase() AND active
GROUP BY table
HAVING rows > 0
ORDER BY bytes DESC
