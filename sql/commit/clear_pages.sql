-- clear_pages: an empty page for each current page that the evaluation left without a member
-- (segment 0 is a root of evaluations too, but only a load stages it)
INSERT INTO run_results (run, attempt, slice, account, bucket, page, segment, version, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, m.account, m.bucket, m.page, m.segment, r.version,
    bitmapBuild(CAST([], 'Array(UInt32)'))
FROM (
    SELECT account, bucket, page, segment, members FROM membership FINAL
    PREWHERE
-- @part_units
        AND segment != 0
        AND segment IN (
            SELECT segment FROM run_roots WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32})
) AS m
INNER JOIN (
    SELECT account, bucket, segment, version FROM run_roots
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
) AS r ON r.account = m.account AND r.bucket = m.bucket AND r.segment = m.segment
LEFT ANTI JOIN (
    SELECT account, bucket, page, segment FROM run_results
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
) AS n ON n.account = m.account AND n.bucket = m.bucket AND n.page = m.page AND n.segment = m.segment
WHERE bitmapCardinality(m.members) > 0
