-- amount_sums: truth of sums and averages of the numbers beside a text that satisfies a condition
-- The join is by one hash of all that it compares, see values.
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
WITH
    asked AS (
        SELECT slot, role, account, bucket, metric, key FROM run_tests
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'amounts' AND role IN ('where', 'value')
    ),
    passing AS ( -- once, though a text passes for each metric that has it
        SELECT DISTINCT slot, text FROM run_texts
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND slot IN (SELECT slot FROM asked)
    )
-- @part_sums
    FROM (
        SELECT
            account, bucket, metric, property, summed, text,
            cityHash64(account, bucket, sipHash64(metric), sipHash64(property), sipHash64(summed), sipHash64(text)) AS text_hash,
            profile_no, toUnixTimestamp64Milli(time) AS ms, amount
        FROM event_amounts AS f FINAL
        WHERE
-- @part_units
            AND f.day BETWEEN {day_from:Date} AND {day_to:Date} AND counts = 1
            AND text IN (SELECT text FROM passing)
            AND metric IN (SELECT metric FROM asked) AND property IN (SELECT key FROM asked WHERE role = 'where')
            AND summed IN (SELECT key FROM asked WHERE role = 'value')
    ) AS v
    INNER JOIN (
        SELECT
            w.window AS window, w.from_ms AS from_ms, w.to_ms AS to_ms, t.account AS account, t.bucket AS bucket, t.metric AS metric,
            t.key AS property, s.key AS summed, p.text AS text,
            cityHash64(t.account, t.bucket, sipHash64(t.metric), sipHash64(t.key), sipHash64(s.key), sipHash64(p.text)) AS text_hash
        FROM (SELECT slot, account, bucket, metric, key FROM asked WHERE role = 'where') AS t
        INNER JOIN (SELECT slot, metric, key FROM asked WHERE role = 'value') AS s ON s.slot = t.slot AND s.metric = t.metric
        INNER JOIN (
            SELECT window, source, from_ms, to_ms FROM run_windows
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'aggregate'
        ) AS w ON w.source = t.slot
        INNER JOIN passing AS p ON p.slot = t.slot
    ) AS r ON r.text_hash = v.text_hash
    WHERE v.ms >= r.from_ms AND v.ms < r.to_ms
        AND (r.account = v.account) + (r.bucket = v.bucket) + (r.metric = v.metric) + (r.property = v.property) + (r.summed = v.summed)
            + (r.text = v.text) = 6
-- @part_sums_reached
