-- drop_run_roots: ends the staging of a run
ALTER TABLE run_roots DROP PARTITION {run:UUID}
