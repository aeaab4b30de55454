-- whole_cells: truth of trait criteria, as far as whole cells pass
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, r.slot AS slot, v.page AS page, groupBitmapOrState(v.profiles)
FROM (
    SELECT account, bucket, cell, page, profiles FROM trait_cell_pages
    WHERE account BETWEEN {account_from:UInt64} AND {account_to:UInt64}
        AND (account, bucket, trait, build, cell) IN (
            SELECT account, bucket, trait, build, cell FROM run_cells
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND cut = 0)
) AS v
INNER JOIN (
    SELECT slot, account, bucket, cell FROM run_cells
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND cut = 0
) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.cell = v.cell
GROUP BY slot, page
