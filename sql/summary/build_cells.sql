-- build_cells: brings the pages of cells together
INSERT INTO trait_cells (
    account, bucket, trait, build, cell, axis, kind, text, number, time_ms, day, items, latitude, longitude,
    radius_m, least, greatest, number_least, number_greatest)
SELECT
    account, bucket, trait, build, cell, any(axis), any(kind), any(text), any(number), any(time_ms), any(day),
    any(items), any(latitude), any(longitude), max(radius_m), min(least), max(greatest),
    min(number_least), max(number_greatest)
FROM trait_cell_pages
WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND trait IN {traits:Array(String)} AND build = {build:UInt64}
GROUP BY account, bucket, trait, build, cell
