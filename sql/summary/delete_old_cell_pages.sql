-- delete_old_cell_pages: those of earlier buildings
DELETE FROM trait_cell_pages
WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND build < {build:UInt64}
