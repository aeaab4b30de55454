-- passing_texts: the texts that satisfy conditions of sources: each is tested once, however many events have it
-- Where a condition names its texts there is nothing to read.
INSERT INTO run_texts (run, attempt, slice, slot, text)
WITH asked AS (
    SELECT form, metric, key FROM run_tests
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form IN ('filtered', 'amounts') AND role >= 'where'
        AND op BETWEEN 'text' AND 'match' AND NOT (op = 'text' AND ignore_case = 0))
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, r.slot, v.text
FROM (
    SELECT DISTINCT account, bucket, metric, property, text
    FROM event_properties AS f
    WHERE
-- @part_units
        AND f.day BETWEEN {day_from:Date} AND {day_to:Date} AND kind NOT IN ('absent', 'list', 'point')
        AND metric IN (SELECT metric FROM asked WHERE form = 'filtered') AND property IN (SELECT key FROM asked WHERE form = 'filtered')
    UNION DISTINCT
    SELECT DISTINCT account, bucket, metric, property, CAST(text, 'String') AS text
    FROM event_amounts AS f
    WHERE
-- @part_units
        AND f.day BETWEEN {day_from:Date} AND {day_to:Date} AND counts = 1
        AND metric IN (SELECT metric FROM asked WHERE form = 'amounts') AND property IN (SELECT key FROM asked WHERE form = 'amounts')
) AS v
INNER JOIN (
-- @part_tests
        AND form IN ('filtered', 'amounts') AND role >= 'where' AND op BETWEEN 'text' AND 'match'
        AND NOT (op = 'text' AND ignore_case = 0)
) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.metric = v.metric AND r.key = v.property
WHERE
-- @part_text_test
UNION ALL
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, slot, arrayJoin(arrayDistinct(texts)) FROM run_tests
WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form IN ('filtered', 'amounts')
    AND role >= 'where' AND op = 'text' AND ignore_case = 0
