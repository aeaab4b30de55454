-- drop_run_planes: ends the staging of a run
ALTER TABLE run_planes DROP PARTITION {run:UUID}
