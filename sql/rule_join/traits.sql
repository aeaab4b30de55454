-- traits: truth of tests of traits for numbers, times and lists, where no cells serve them
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, r.slot AS slot, toUInt16(bitShiftRight(v.profile_no, 16)) AS page, groupBitmapState(v.profile_no)
FROM (
    SELECT account, bucket, sipHash64(trait) AS key_hash, profile_no, kind, number, time_ms, day, items, set_ms
    FROM traits FINAL
    WHERE
-- @part_units
        AND trait IN (
            SELECT key FROM run_tests
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role = 'trait' AND build = 0 AND op IN ('number', 'time', 'item'))
) AS v
INNER JOIN (
-- @part_tests
    AND role = 'trait' AND build = 0 AND op IN ('number', 'time', 'item')
) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.key_hash = v.key_hash
WHERE v.set_ms >= r.set_from_ms AND v.set_ms < r.set_to_ms AND
-- @part_plain_test
GROUP BY slot, page
