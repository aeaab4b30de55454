-- drop_run_texts: ends the staging of a run
ALTER TABLE run_texts DROP PARTITION {run:UUID}
