-- present: who has a trait at all, where no cells say it
-- The bitmaps are made before the join: they are the same for every rule.
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, r.slot AS slot, v.page AS page, v.profiles AS truth
FROM (
    SELECT
        account, bucket, sipHash64(trait) AS key_hash, toUInt16(bitShiftRight(profile_no, 16)) AS page, groupBitmapState(profile_no) AS profiles
    FROM traits FINAL
    WHERE
-- @part_units
        AND kind != 'absent'
        AND trait IN (
            SELECT key FROM run_tests
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role = 'trait' AND build = 0 AND op = 'exists')
    GROUP BY account, bucket, key_hash, page
) AS v
INNER JOIN (
-- @part_tests
        AND role = 'trait' AND build = 0 AND op = 'exists'
) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.key_hash = v.key_hash
