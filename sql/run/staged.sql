-- staged: the tables that hold rows of a run
SELECT DISTINCT table FROM system.parts
WHERE database = currentDatabase() AND startsWith(table, 'run_') AND active AND partition = {run:String}
ORDER BY table
