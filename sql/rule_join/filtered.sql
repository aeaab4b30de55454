-- filtered: the events of sources with one condition, on anything but text, staged once for all that look at them
-- Such a source has its events in the rows of the property that it demands.
INSERT INTO run_events (run, attempt, slice, source, metric, rank, profile_no, ms, event, number, amount)
WITH
    asked AS (
        SELECT metric, key FROM run_tests
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'filtered' AND role >= 'where'
            AND op NOT BETWEEN 'text' AND 'match'
    )
SELECT
    {run:UUID}, {attempt:UUID}, {slice:UInt32}, r.slot, r.metric, r.rank, v.profile_no, toUnixTimestamp64Milli(v.time), v.event,
    v.number, v.amount
FROM (
-- @part_values
            AND metric IN (SELECT metric FROM asked) AND property IN (SELECT key FROM asked)
) AS v
INNER JOIN (
    SELECT * FROM (
-- @part_tests
            AND form = 'filtered' AND role >= 'where' AND op NOT BETWEEN 'text' AND 'match'
    ) AS t
    INNER JOIN (
        SELECT source AS slot, metric, rank, reach_from_ms, reach_to_ms FROM run_sources
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'filtered'
    ) AS s USING (slot, metric)
) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.metric_hash = v.metric_hash AND r.key_hash = v.key_hash
WHERE toUnixTimestamp64Milli(v.time) >= r.reach_from_ms AND toUnixTimestamp64Milli(v.time) < r.reach_to_ms AND
-- @part_value_test
