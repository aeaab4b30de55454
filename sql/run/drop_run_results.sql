-- drop_run_results: ends the staging of a run
ALTER TABLE run_results DROP PARTITION {run:UUID}
