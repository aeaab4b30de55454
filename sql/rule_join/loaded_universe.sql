-- loaded_universe: the live profiles of units whose bulk load ends, staged as segment 0
INSERT INTO run_results (run, attempt, slice, account, bucket, page, segment, version, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, p.account AS account, p.bucket AS bucket, toUInt16(bitShiftRight(p.profile_no, 16)) AS page, 0, 0,
    groupBitmapState(p.profile_no)
FROM (
    SELECT account, bucket, profile_no FROM profiles FINAL
    WHERE account IN (
        SELECT account FROM run_roots WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}) AND state = 'live'
) AS p
INNER JOIN (
    SELECT account, bucket FROM run_roots WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
) AS r ON r.account = p.account AND r.bucket = p.bucket
GROUP BY account, bucket, page
