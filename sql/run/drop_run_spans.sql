-- drop_run_spans: ends the staging of a run
ALTER TABLE run_spans DROP PARTITION {run:UUID}
