-- events: the events of one profile that the staged sources choose, as every evaluation chooses them
SELECT source, toString(metric) AS metric, ms, event, number, toString(amount) AS amount
FROM (
    SELECT
        s.source AS source, s.metric AS metric, e.profile_no AS profile_no, toUnixTimestamp64Milli(e.time) AS ms, e.event AS event,
        toFloat64(0) AS number, CAST(NULL, 'Nullable(Int128)') AS amount
    FROM (
        SELECT account, bucket, sipHash64(metric) AS metric_hash, profile_no, time, event FROM events FINAL
        WHERE
-- @part_units
            AND day BETWEEN {day_from:Date} AND {day_to:Date} AND retracted = 0
            AND metric IN (
                SELECT metric FROM run_sources
                WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'all')
    ) AS e
    INNER JOIN (
        SELECT source, account, bucket, metric, sipHash64(metric) AS metric_hash FROM run_sources
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'all'
    ) AS s ON s.account = e.account AND s.bucket = e.bucket AND s.metric_hash = e.metric_hash
    UNION ALL
    SELECT source, metric, profile_no, ms, event, number, amount FROM run_events
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
)
WHERE profile_no = {profile_no:UInt32}
ORDER BY source, ms, event, metric
