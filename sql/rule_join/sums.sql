-- sums: truth of sums and averages of all numbers of a property
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
WITH
    asked AS (
        SELECT slot, account, bucket, metric, sipHash64(metric) AS metric_hash, key, sipHash64(key) AS key_hash FROM run_tests
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'numbers' AND role = 'value'
    )
-- @part_sums
    FROM (
        SELECT
            account, bucket, sipHash64(metric) AS metric_hash, sipHash64(property) AS key_hash, profile_no,
            toUnixTimestamp64Milli(time) AS ms, assumeNotNull(amount) AS amount
        FROM event_properties AS f FINAL
        WHERE
-- @part_units
            AND f.day BETWEEN {day_from:Date} AND {day_to:Date} AND retracted = 0
            AND kind IN ('digits', 'number') AND f.amount IS NOT NULL
            AND metric IN (SELECT metric FROM asked) AND property IN (SELECT key FROM asked)
    ) AS v
    INNER JOIN (
        SELECT
            w.window AS window, w.from_ms AS from_ms, w.to_ms AS to_ms, t.account AS account, t.bucket AS bucket,
            t.metric_hash AS metric_hash, t.key_hash AS key_hash
        FROM (
            SELECT window, source, from_ms, to_ms FROM run_windows
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'aggregate'
        ) AS w
        INNER JOIN asked AS t ON t.slot = w.source
    ) AS w ON w.account = v.account AND w.bucket = v.bucket AND w.metric_hash = v.metric_hash AND w.key_hash = v.key_hash
    WHERE v.ms >= w.from_ms AND v.ms < w.to_ms
-- @part_sums_reached
