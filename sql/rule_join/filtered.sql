-- filtered: the events of sources with conditions or a value, staged once for all that look at them
-- A source that demands one property, and nothing else, has its events in the rows of that property. For the others the
-- rows of an event are brought together. Keys are hashes, so that joins and groups have short keys of a fixed length.
INSERT INTO run_events (run, attempt, slice, source, metric, rank, profile_no, ms, event, has, number, amount)
WITH
    tests AS (
-- @part_tests
            AND role >= 'where'
    ),
    sources AS (
        SELECT source, account, bucket, metric, sipHash64(metric) AS metric_hash, rank, single, based, wheres, has FROM run_sources
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND filtered = 1
    )
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, source, metric, rank, profile_no, toUnixTimestamp64Milli(time), event, has, number, amount
FROM (
    SELECT
        r.source AS source, r.metric AS metric, r.rank AS rank, v.profile_no AS profile_no, v.time AS time, v.event AS event,
        toUInt8(1) AS has, v.number AS number, v.amount AS amount
    FROM (
-- @part_values
            AND (metric, property) IN (
                SELECT t.metric, t.key
                FROM (
                    SELECT slot, metric, key FROM run_tests
                    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role >= 'where'
                ) AS t
                INNER JOIN (SELECT source FROM sources WHERE single = 1) AS s ON s.source = t.slot)
    ) AS v
    INNER JOIN (
        SELECT t.*, s.source AS source, s.metric AS metric, s.rank AS rank
        FROM tests AS t
        INNER JOIN (SELECT source, metric, metric_hash, rank FROM sources WHERE single = 1) AS s
            ON s.source = t.slot AND s.metric_hash = t.metric_hash
    ) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.metric_hash = v.metric_hash AND r.key_hash = v.key_hash
    WHERE
-- @part_test
    UNION ALL
    SELECT
        s.source AS source, s.metric AS metric, s.rank AS rank, g.profile_no AS profile_no, g.time AS time, g.event AS event,
        toUInt8(g.has_held = s.has AND g.lacks_held = 0) AS has, g.number AS number, g.amount AS amount
    FROM (
        SELECT
            source, metric_hash, profile_no, time, event,
            sum(demand) AS wheres_held, sum(unless) AS unless_held, sum(has) AS has_held, sum(lacks) AS lacks_held,
            anyIf(number, is_value) AS number, anyIf(amount, is_value) AS amount
        FROM (
            SELECT
                r.slot AS source, v.metric_hash AS metric_hash, v.profile_no AS profile_no, v.time AS time, v.event AS event,
                toUInt8(
-- @part_test
                ) AS held,
                held AND r.role IN ('where', 'value') AS demand, held AND r.role = 'unless' AS unless,
                held AND r.role = 'has' AS has, held AND r.role = 'lacks' AS lacks,
                r.role = 'value' AS is_value, v.number AS number, v.amount AS amount
            FROM (
-- @part_values
                    AND (metric, property) IN (
                        SELECT t.metric, t.key
                        FROM (
                            SELECT slot, metric, key FROM run_tests
                            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND role >= 'where'
                        ) AS t
                        INNER JOIN (SELECT source FROM sources WHERE single = 0) AS s ON s.source = t.slot)
            ) AS v
            INNER JOIN (
                SELECT * FROM tests WHERE slot IN (SELECT source FROM sources WHERE single = 0)
            ) AS r ON r.account = v.account AND r.bucket = v.bucket AND r.metric_hash = v.metric_hash AND r.key_hash = v.key_hash
            UNION ALL
            SELECT
                s.source AS source, e.metric_hash AS metric_hash, e.profile_no AS profile_no, e.time AS time, e.event AS event,
                toUInt8(0) AS held, toUInt8(0) AS demand, toUInt8(0) AS unless, toUInt8(0) AS has, toUInt8(0) AS lacks,
                toUInt8(0) AS is_value, toFloat64(0) AS number, CAST(NULL, 'Nullable(Int128)') AS amount
            FROM (
                SELECT account, bucket, sipHash64(metric) AS metric_hash, profile_no, time, event FROM events FINAL
                WHERE account BETWEEN {account_from:UInt64} AND {account_to:UInt64}
                    AND day BETWEEN {day_from:Date} AND {day_to:Date} AND retracted = 0
                    AND metric IN (SELECT metric FROM sources WHERE based = 1)
            ) AS e
            INNER JOIN (SELECT source, account, bucket, metric_hash FROM sources WHERE based = 1) AS s
                ON s.account = e.account AND s.bucket = e.bucket AND s.metric_hash = e.metric_hash
        )
        GROUP BY source, metric_hash, profile_no, time, event
    ) AS g
    INNER JOIN (SELECT source, metric, metric_hash, rank, wheres, has FROM sources WHERE single = 0) AS s
        ON s.source = g.source AND s.metric_hash = g.metric_hash
    WHERE g.wheres_held = s.wheres AND g.unless_held = 0
)
