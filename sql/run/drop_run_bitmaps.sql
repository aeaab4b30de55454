-- drop_run_bitmaps: ends the staging of a run
ALTER TABLE run_bitmaps DROP PARTITION {run:UUID}
