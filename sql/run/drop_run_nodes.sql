-- drop_run_nodes: ends the staging of a run
ALTER TABLE run_nodes DROP PARTITION {run:UUID}
