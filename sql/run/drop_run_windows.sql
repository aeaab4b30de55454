-- drop_run_windows: ends the staging of a run
ALTER TABLE run_windows DROP PARTITION {run:UUID}
