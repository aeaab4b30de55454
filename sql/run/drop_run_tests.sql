-- drop_run_tests: ends the staging of a run
ALTER TABLE run_tests DROP PARTITION {run:UUID}
