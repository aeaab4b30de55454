-- sample: truth of sample criteria, by the hash of the external id; without a salt profile_names has it
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, r.slot AS slot, toUInt16(bitShiftRight(v.profile_no, 16)) AS page, groupBitmapState(v.profile_no)
FROM (
    SELECT account, bucket, profile_no, external_id, hundredth FROM profile_names FINAL
    WHERE
-- @part_units
) AS v
INNER JOIN (
    SELECT slot, account, bucket, text AS salt, number_from AS below FROM run_tests
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role = 'sample'
) AS r ON r.account = v.account AND r.bucket = v.bucket
WHERE if(r.salt = '', v.hundredth, sipHash64(concat(r.salt, char(0), v.external_id)) % 10000) < r.below
GROUP BY slot, page
