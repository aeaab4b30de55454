-- results: the pages of segments, staged
INSERT INTO run_results (run, attempt, slice, account, bucket, page, segment, version, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, r.account, r.bucket, b.page, r.segment, r.version, b.truth
FROM (
    SELECT account, bucket, segment, version, slot FROM run_roots
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND segment != 0
) AS r
INNER JOIN (
    SELECT slot, page, truth FROM run_bitmaps
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
        AND slot IN (
            SELECT slot FROM run_roots
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND segment != 0)
) AS b ON b.slot = r.slot
