-- aggregate: truth of sums and averages over windows
-- Where all events of a metric count, their numbers are read here; those that one text chooses have them beside the text;
-- those that other conditions choose are staged.
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
WITH
    windows AS (
        SELECT window, source, from_ms, to_ms FROM run_windows
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'aggregate'
    ),
    sources AS (
        SELECT DISTINCT source, form FROM run_sources
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form IN ('numbers', 'amounts')
    ),
    tests AS (
        SELECT t.slot AS slot, t.role AS role, t.account AS account, t.bucket AS bucket, t.metric AS metric, t.key AS key, s.form AS form
        FROM run_tests AS t
        INNER JOIN sources AS s ON s.source = t.slot
        WHERE t.run = {run:UUID} AND t.attempt = {attempt:UUID} AND t.slice = {slice:UInt32} AND t.role IN ('where', 'value')
    ),
    numbers AS (
        SELECT
            w.window AS window, w.from_ms AS from_ms, w.to_ms AS to_ms, t.account AS account, t.bucket AS bucket,
            t.metric AS metric, sipHash64(t.metric) AS metric_hash, t.key AS key, sipHash64(t.key) AS key_hash
        FROM windows AS w
        INNER JOIN tests AS t ON t.slot = w.source
        WHERE t.form = 'numbers'
    ),
    amounts AS (
        SELECT w.slot AS source, w.account AS account, w.bucket AS bucket, w.metric AS metric, w.key AS property, v.key AS summed
        FROM tests AS w
        INNER JOIN tests AS v ON v.slot = w.slot AND v.metric = w.metric
        WHERE w.form = 'amounts' AND w.role = 'where' AND v.role = 'value'
    ),
    passing AS ( -- once, though a text passes for each metric that has it
        SELECT DISTINCT slot, text FROM run_texts
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND slot IN (SELECT source FROM amounts)
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
            FROM event_properties AS f FINAL
            WHERE
-- @part_units
-- @part_windows
                AND retracted = 0 AND kind IN ('digits', 'number') AND f.amount IS NOT NULL
                AND metric IN (SELECT metric FROM numbers) AND property IN (SELECT key FROM numbers)
        ) AS v
        INNER JOIN numbers AS w
            ON w.account = v.account AND w.bucket = v.bucket AND w.metric_hash = v.metric_hash AND w.key_hash = v.key_hash
        WHERE v.ms >= w.from_ms AND v.ms < w.to_ms
        UNION ALL
        SELECT r.window AS window, v.profile_no AS profile_no, v.amount AS amount
        FROM (
            SELECT
                account, bucket, metric, property, summed, text,
                cityHash64(account, bucket, sipHash64(metric), sipHash64(property), sipHash64(summed), sipHash64(text)) AS text_hash,
                profile_no, toUnixTimestamp64Milli(time) AS ms, amount
            FROM event_amounts AS f FINAL
            WHERE
-- @part_units
-- @part_windows
                AND counts = 1 AND text IN (SELECT text FROM passing)
                AND metric IN (SELECT metric FROM amounts) AND property IN (SELECT property FROM amounts)
                AND summed IN (SELECT summed FROM amounts)
        ) AS v
        INNER JOIN (
            SELECT
                w.window AS window, w.from_ms AS from_ms, w.to_ms AS to_ms, a.account AS account, a.bucket AS bucket, a.metric AS metric,
                a.property AS property, a.summed AS summed, p.text AS text,
                cityHash64(a.account, a.bucket, sipHash64(a.metric), sipHash64(a.property), sipHash64(a.summed), sipHash64(p.text)) AS text_hash
            FROM amounts AS a
            INNER JOIN windows AS w ON w.source = a.source
            INNER JOIN passing AS p ON p.slot = a.source
        ) AS r ON r.text_hash = v.text_hash
        WHERE v.ms >= r.from_ms AND v.ms < r.to_ms
            AND (r.account = v.account) + (r.bucket = v.bucket) + (r.metric = v.metric) + (r.property = v.property) + (r.summed = v.summed)
                + (r.text = v.text) = 6
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
