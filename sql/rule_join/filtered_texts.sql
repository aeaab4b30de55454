-- filtered_texts: the events of sources with one condition, on the text of a property, staged like those of other conditions
-- Such a source has its events in the rows of the property that it demands.
INSERT INTO run_events (run, attempt, slice, source, metric, rank, profile_no, ms, event, has, number, amount)
WITH sources AS (
    SELECT source, metric, rank, sipHash64(metric) AS metric_hash FROM run_sources
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'filtered'
)
SELECT
    {run:UUID}, {attempt:UUID}, {slice:UInt32}, s.source, s.metric, s.rank, h.profile_no, toUnixTimestamp64Milli(h.time), h.event,
    toUInt8(1), h.number, h.amount
FROM (
    SELECT
        r.slot AS source, v.metric_hash AS metric_hash, v.profile_no AS profile_no, v.time AS time, v.event AS event,
        v.number AS number, v.amount AS amount
    FROM (
-- @part_values
            AND kind NOT IN ('absent', 'list', 'point')
            AND (metric, property) IN (
                SELECT metric, key FROM run_tests
                WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role >= 'where'
                    AND slot IN (SELECT source FROM sources) AND op BETWEEN 'text' AND 'match')
    ) AS v
    INNER JOIN (
-- @part_tests
            AND role >= 'where' AND slot IN (SELECT source FROM sources) AND op BETWEEN 'text' AND 'match'
    ) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.metric_hash = v.metric_hash AND r.key_hash = v.key_hash
    WHERE
-- @part_text_test
) AS h
INNER JOIN sources AS s ON s.source = h.source AND s.metric_hash = h.metric_hash
