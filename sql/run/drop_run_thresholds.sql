-- drop_run_thresholds: ends the staging of a run
ALTER TABLE run_thresholds DROP PARTITION {run:UUID}
