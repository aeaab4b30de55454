-- combined: the events of sources with several conditions, or with such as an event may lack, staged like those of one
-- The rows of an event that satisfy a condition are brought together and counted. Keys are hashes, so that joins and groups
-- have short keys of a fixed length.
INSERT INTO run_events (run, attempt, slice, source, metric, rank, profile_no, ms, event, number, amount)
WITH
    sources AS (
        SELECT source, account, bucket, metric, sipHash64(metric) AS metric_hash, rank, based, wheres FROM run_sources
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'combined'
    ),
    asked AS (
        SELECT metric, key, op FROM run_tests
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'combined' AND role >= 'where'
    )
SELECT
    {run:UUID}, {attempt:UUID}, {slice:UInt32}, s.source, s.metric, s.rank, g.profile_no, toUnixTimestamp64Milli(g.time), g.event,
    g.number, g.amount
FROM (
    SELECT
        source, metric_hash, profile_no, time, event,
        countIf(role IN ('where', 'value')) AS wheres_held, countIf(role = 'unless') AS unless_held,
        anyIf(number, role = 'value') AS number, anyIf(amount, role = 'value') AS amount
    FROM (
        SELECT
            r.slot AS source, toString(r.role) AS role, v.metric_hash AS metric_hash, v.profile_no AS profile_no, v.time AS time,
            v.event AS event, v.number AS number, v.amount AS amount
        FROM (
-- @part_values
                AND metric IN (SELECT metric FROM asked WHERE op NOT BETWEEN 'text' AND 'match')
                AND property IN (SELECT key FROM asked WHERE op NOT BETWEEN 'text' AND 'match')
        ) AS v
        INNER JOIN (
-- @part_tests
                AND form = 'combined' AND role >= 'where' AND op NOT BETWEEN 'text' AND 'match'
        ) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.metric_hash = v.metric_hash AND r.key_hash = v.key_hash
        WHERE
-- @part_value_test
        UNION ALL
        SELECT
            r.slot AS source, toString(r.role) AS role, v.metric_hash AS metric_hash, v.profile_no AS profile_no, v.time AS time,
            v.event AS event, v.number AS number, v.amount AS amount
        FROM (
-- @part_values
                AND kind NOT IN ('absent', 'list', 'point')
                AND metric IN (SELECT metric FROM asked WHERE op BETWEEN 'text' AND 'match')
                AND property IN (SELECT key FROM asked WHERE op BETWEEN 'text' AND 'match')
        ) AS v
        INNER JOIN (
-- @part_tests
                AND form = 'combined' AND role >= 'where' AND op BETWEEN 'text' AND 'match'
        ) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.metric_hash = v.metric_hash AND r.key_hash = v.key_hash
        WHERE
-- @part_text_test
        UNION ALL
        SELECT
            s.source AS source, '' AS role, e.metric_hash AS metric_hash, e.profile_no AS profile_no, e.time AS time,
            e.event AS event, toFloat64(0) AS number, CAST(NULL, 'Nullable(Int128)') AS amount
        FROM (
            SELECT account, bucket, sipHash64(metric) AS metric_hash, profile_no, time, event FROM events FINAL
            WHERE
-- @part_units
                AND day BETWEEN {day_from:Date} AND {day_to:Date} AND retracted = 0
                AND metric IN (SELECT metric FROM sources WHERE based = 1)
        ) AS e
        INNER JOIN (SELECT source, account, bucket, metric_hash FROM sources WHERE based = 1) AS s
            ON s.account = e.account AND s.bucket = e.bucket AND s.metric_hash = e.metric_hash
    )
    GROUP BY source, metric_hash, profile_no, time, event
) AS g
INNER JOIN sources AS s ON s.source = g.source AND s.metric_hash = g.metric_hash
WHERE g.wheres_held = s.wheres AND g.unless_held = 0
