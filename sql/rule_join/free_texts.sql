-- free_texts: truth of tests of free texts: whoever has a text that passes
-- What was found in a unit is cut into pages by those of the universe.
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
WITH
    asked AS (
        SELECT slot, account, bucket, key, build FROM run_tests
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role = 'free'),
    passing AS (
        SELECT slot, text FROM run_texts
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32})
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, f.slot, m.page, bitmapAnd(f.profiles, m.members) AS truth
FROM (
    SELECT r.slot AS slot, v.account AS account, v.bucket AS bucket, groupBitmapOrState(v.profiles) AS profiles
    FROM (
        SELECT account, bucket, trait, text, profiles FROM trait_texts
        WHERE
-- @part_units
            AND (account, bucket, trait, build) IN (SELECT account, bucket, key, build FROM asked)
            AND text IN (SELECT text FROM passing WHERE slot IN (SELECT slot FROM asked))
    ) AS v
    INNER JOIN (
        SELECT a.slot AS slot, a.account AS account, a.bucket AS bucket, a.key AS trait, p.text AS text
        FROM asked AS a
        INNER JOIN passing AS p ON p.slot = a.slot
    ) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.trait = v.trait AND r.text = v.text
    GROUP BY slot, account, bucket
) AS f
INNER JOIN (
-- @part_pages
) AS m ON m.account = f.account AND m.bucket = f.bucket
WHERE bitmapCardinality(truth) > 0
