-- old_cells: whether a unit has cells or texts of an earlier building
SELECT toUInt8(1) AS found FROM (
    SELECT build FROM trait_cell_pages WHERE account = {account:UInt64} AND bucket = {bucket:UInt16}
    UNION ALL
    SELECT build FROM trait_texts WHERE account = {account:UInt64} AND bucket = {bucket:UInt16}
)
WHERE build < {build:UInt64}
LIMIT 1
