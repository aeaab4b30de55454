-- drop_staged: ends the staging of a run in one of the tables that hold it
ALTER TABLE {table:Identifier} DROP PARTITION {run:UUID}
