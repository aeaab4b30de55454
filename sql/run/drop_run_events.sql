-- drop_run_events: ends the staging of a run
ALTER TABLE run_events DROP PARTITION {run:UUID}
