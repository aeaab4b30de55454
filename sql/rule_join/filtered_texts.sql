-- filtered_texts: the events of sources with one condition, on the text of a property, staged like those of other conditions
-- Such a source has its events in the rows of the property that it demands, and run_texts has the texts that satisfy it.
-- The join is by one hash of all that it compares, see values; the parts are compared afterwards. Metric and property are
-- hashed and looked up each by itself: then it is done once for each of their dictionaries' words and not for each row.
INSERT INTO run_events (run, attempt, slice, source, metric, rank, profile_no, ms, event, number, amount)
WITH
    asked AS (
        SELECT slot AS source, metric, key FROM run_tests
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'filtered' AND role >= 'where'
            AND op BETWEEN 'text' AND 'match'),
    passing AS ( -- once, though a text passes for each metric that has it
        SELECT DISTINCT slot, text FROM run_texts
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32})
SELECT
    {run:UUID}, {attempt:UUID}, {slice:UInt32}, r.source, r.metric, r.rank, v.profile_no, v.ms, v.event, toFloat64(0), NULL
FROM (
    SELECT
        account, bucket, metric, property, text,
        cityHash64(account, bucket, sipHash64(metric), sipHash64(property), text) AS text_hash,
        profile_no, toUnixTimestamp64Milli(time) AS ms, event
    FROM event_properties AS f FINAL
    WHERE
-- @part_units
        AND f.day BETWEEN {day_from:Date} AND {day_to:Date} AND retracted = 0
        AND kind NOT IN ('absent', 'list', 'point') AND metric IN (SELECT metric FROM asked) AND property IN (SELECT key FROM asked)
        AND text IN (SELECT text FROM passing)
) AS v
INNER JOIN (
    SELECT
        s.source AS source, s.metric AS metric, s.rank AS rank, s.account AS account, s.bucket AS bucket,
        s.reach_from_ms AS reach_from_ms, s.reach_to_ms AS reach_to_ms, a.key AS key, p.text AS text,
        cityHash64(s.account, s.bucket, sipHash64(s.metric), sipHash64(a.key), p.text) AS text_hash
    FROM (
        SELECT source, account, bucket, metric, rank, reach_from_ms, reach_to_ms FROM run_sources
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'filtered'
    ) AS s
    INNER JOIN asked AS a ON a.source = s.source AND a.metric = s.metric
    INNER JOIN passing AS p ON p.slot = s.source
) AS r ON r.text_hash = v.text_hash
WHERE v.ms >= r.reach_from_ms AND v.ms < r.reach_to_ms
    AND (r.account = v.account) + (r.bucket = v.bucket) + (r.metric = v.metric) + (r.key = v.property) + (r.text = v.text) = 5
