-- aggregate: truth of sums and averages over windows
-- Where all events of a metric count, their numbers are read here; those that conditions choose are staged.
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
WITH
    windows AS (
        SELECT window, source, from_ms, to_ms FROM run_windows
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'aggregate'
    ),
    asked AS (
        SELECT
            w.window AS window, w.from_ms AS from_ms, w.to_ms AS to_ms, t.account AS account, t.bucket AS bucket,
            t.metric AS metric, sipHash64(t.metric) AS metric_hash, t.key AS key, sipHash64(t.key) AS key_hash
        FROM windows AS w
        INNER JOIN (
            SELECT slot, account, bucket, metric, key FROM run_tests
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role = 'value'
                AND slot IN (
                    SELECT source FROM run_sources
                    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'numbers')
        ) AS t ON t.slot = w.source
    )
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, t.slot AS slot, toUInt16(bitShiftRight(a.profile_no, 16)) AS page, groupBitmapState(a.profile_no)
FROM (
    SELECT window, profile_no, sum(toInt256(amount)) AS amount, count() AS amounts
    FROM (
        SELECT w.window AS window, v.profile_no AS profile_no, v.amount AS amount
        FROM (
            SELECT
                account, bucket, sipHash64(metric) AS metric_hash, sipHash64(property) AS key_hash, profile_no,
                toUnixTimestamp64Milli(time) AS ms, assumeNotNull(amount) AS amount
            FROM event_properties FINAL
            WHERE
-- @part_units
                AND retracted = 0
                AND kind IN ('digits', 'number') AND event_properties.amount IS NOT NULL
                AND metric IN (SELECT metric FROM asked) AND property IN (SELECT key FROM asked)
                AND day BETWEEN
                    (SELECT toDate(toUInt16(greatest(0, least(65535, intDiv(min(from_ms), 86400000))))) FROM windows)
                    AND (SELECT toDate(toUInt16(greatest(0, least(65535, intDiv(max(to_ms) - 1, 86400000))))) FROM windows)
        ) AS v
        INNER JOIN asked AS w
            ON w.account = v.account AND w.bucket = v.bucket AND w.metric_hash = v.metric_hash AND w.key_hash = v.key_hash
        WHERE v.ms >= w.from_ms AND v.ms < w.to_ms
        UNION ALL
        SELECT w.window AS window, e.profile_no AS profile_no, assumeNotNull(e.amount) AS amount
        FROM (
            SELECT source, profile_no, ms, amount FROM run_events
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
                AND source IN (SELECT source FROM windows) AND amount IS NOT NULL
        ) AS e
        INNER JOIN windows AS w ON w.source = e.source
        WHERE e.ms >= w.from_ms AND e.ms < w.to_ms
    )
    GROUP BY window, profile_no
) AS a
INNER JOIN (
    SELECT window, slot, op, toInt256(amount) AS amount, bounded, above FROM run_thresholds
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op BETWEEN 'sum' AND 'average'
) AS t ON t.window = a.window
WHERE multiIf(
    t.op = 'sum', a.amount >= t.amount,
    t.op = 'negative_sum', -a.amount >= t.amount,
    t.bounded = 0 OR if(t.above = 1, a.amount > t.amount * toInt256(a.amounts), a.amount >= t.amount * toInt256(a.amounts)))
GROUP BY slot, page
