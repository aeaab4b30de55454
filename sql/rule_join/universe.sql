-- universe: the live profiles of the slice's units
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, r.slot, m.page, m.members
FROM (
-- @part_pages
) AS m
INNER JOIN (
    SELECT account, bucket, slot FROM run_roots
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND segment = 0
) AS r ON r.account = m.account AND r.bucket = m.bucket
