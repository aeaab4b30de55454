-- universe: the live profiles of the slice's units
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, r.slot, m.page, m.members
FROM (
    SELECT account, bucket, page, members FROM membership FINAL
    WHERE account BETWEEN {account_from:UInt64} AND {account_to:UInt64}
        AND bucket BETWEEN {bucket_from:UInt16} AND {bucket_to:UInt16} AND segment = 0
) AS m
INNER JOIN (
    SELECT account, bucket, slot FROM run_roots
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND segment = 0
) AS r ON r.account = m.account AND r.bucket = m.bucket
