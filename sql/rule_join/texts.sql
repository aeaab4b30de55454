-- texts: truth of tests whether a trait's text is one of several, where no cells serve them: the text is a key of the join
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, r.slot AS slot, toUInt16(bitShiftRight(v.profile_no, 16)) AS page, groupBitmapState(v.profile_no)
FROM (
    SELECT account, bucket, sipHash64(trait) AS key_hash, profile_no, text, sipHash64(text) AS text_hash, set_ms
    FROM traits FINAL
    WHERE
-- @part_units
        AND trait IN (
            SELECT key FROM run_tests
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role = 'text' AND build = 0)
        AND kind NOT IN ('absent', 'list', 'point')
        AND text IN (
            SELECT arrayJoin(texts) FROM run_tests
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role = 'text' AND build = 0)
) AS v
INNER JOIN (
    SELECT
        slot, account, bucket, sipHash64(key) AS key_hash, arrayJoin(arrayDistinct(texts)) AS text, sipHash64(text) AS text_hash,
        set_from_ms, set_to_ms
    FROM run_tests
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role = 'text' AND build = 0
) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.key_hash = v.key_hash AND r.text_hash = v.text_hash
WHERE r.text = v.text AND v.set_ms >= r.set_from_ms AND v.set_ms < r.set_to_ms
GROUP BY slot, page
