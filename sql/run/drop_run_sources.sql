-- drop_run_sources: ends the staging of a run
ALTER TABLE run_sources DROP PARTITION {run:UUID}
