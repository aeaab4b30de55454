-- drop_run_cells: ends the staging of a run
ALTER TABLE run_cells DROP PARTITION {run:UUID}
