-- old_cells: whether a unit has cells of an earlier building
SELECT toUInt8(1) AS found FROM trait_cell_pages
WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND build < {build:UInt64}
LIMIT 1
