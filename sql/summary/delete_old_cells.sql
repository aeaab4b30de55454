-- delete_old_cells: those of earlier buildings
DELETE FROM trait_cells
WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND build < {build:UInt64}
