-- filtered: the events of sources with conditions or a value, staged once for all that look at them
INSERT INTO run_events (run, attempt, slice, source, metric, profile_no, ms, event, has, number, amount)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, source, metric, profile_no, ms, event, has, number, amount
FROM (
    SELECT
        g.source AS source, g.metric AS metric, g.profile_no AS profile_no, toUnixTimestamp64Milli(g.time) AS ms, g.event AS event,
        toUInt8(g.has_held = s.has AND g.lacks_held = 0) AS has, g.number AS number, g.amount AS amount
    FROM (
        SELECT
            source, metric, profile_no, time, event,
            sum(role IN ('where', 'value') AND held) AS wheres_held, sum(role = 'unless' AND held) AS unless_held,
            sum(role = 'has' AND held) AS has_held, sum(role = 'lacks' AND held) AS lacks_held,
            anyIf(number, role = 'value') AS number, anyIf(amount, role = 'value') AS amount
        FROM (
            SELECT
                r.slot AS source, v.metric AS metric, v.profile_no AS profile_no, v.time AS time, v.event AS event,
                toString(r.role) AS role, toUInt8(
-- @part_test
                ) AS held, v.number AS number, v.amount AS amount
            FROM (
                SELECT account, bucket, metric, property, profile_no, time, event, kind, text, number, amount, time_ms, value_day AS day, items
                FROM event_properties FINAL
                WHERE account BETWEEN {account_from:UInt64} AND {account_to:UInt64}
                    AND event_properties.day BETWEEN {day_from:Date} AND {day_to:Date} AND retracted = 0
                    AND (metric, property) IN (
                        SELECT metric, key FROM run_tests
                        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role >= 'where')
            ) AS v
            INNER JOIN (
-- @part_tests
                AND role >= 'where'
            ) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.metric = v.metric AND r.key = v.property
            UNION ALL
            SELECT
                s.source AS source, e.metric AS metric, e.profile_no AS profile_no, e.time AS time, e.event AS event,
                'base' AS role, toUInt8(0) AS held, toFloat64(0) AS number, CAST(NULL, 'Nullable(Int128)') AS amount
            FROM (
                SELECT account, bucket, metric, profile_no, time, event FROM events FINAL
                WHERE account BETWEEN {account_from:UInt64} AND {account_to:UInt64}
                    AND day BETWEEN {day_from:Date} AND {day_to:Date} AND retracted = 0
                    AND metric IN (
                        SELECT metric FROM run_sources
                        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND based = 1)
            ) AS e
            INNER JOIN (
                SELECT source, account, bucket, metric FROM run_sources
                WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND based = 1
            ) AS s ON s.account = e.account AND s.bucket = e.bucket AND s.metric = e.metric
        )
        GROUP BY source, metric, profile_no, time, event
    ) AS g
    INNER JOIN (
        SELECT source, metric, wheres, has FROM run_sources
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND filtered = 1
    ) AS s ON s.source = g.source AND s.metric = g.metric
    WHERE g.wheres_held = s.wheres AND g.unless_held = 0
)
