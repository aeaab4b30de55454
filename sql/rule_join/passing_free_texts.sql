-- passing_free_texts: the free texts of traits that satisfy tests: each is tested once, whoever has it
-- A test that names its texts passes those.
INSERT INTO run_texts (run, attempt, slice, slot, text)
WITH asked AS (
    SELECT account, bucket, key, build FROM run_tests
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role = 'free'
        AND NOT (op = 'text' AND ignore_case = 0))
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, r.slot, v.text
FROM (
    SELECT account, bucket, sipHash64(trait) AS key_hash, build, text FROM trait_texts
    WHERE
-- @part_units
        AND (account, bucket, trait, build) IN (SELECT account, bucket, key, build FROM asked)
) AS v
INNER JOIN (
-- @part_tests
        AND role = 'free' AND NOT (op = 'text' AND ignore_case = 0)
) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.key_hash = v.key_hash
WHERE
-- @part_text_test
UNION ALL
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, slot, arrayJoin(arrayDistinct(texts)) FROM run_tests
WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role = 'free' AND op = 'text' AND ignore_case = 0
