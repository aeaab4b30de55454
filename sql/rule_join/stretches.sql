-- stretches: truth of "events in at least k stretches of time", k from 1 to 8: days from event_days, those that are cut from events
-- A stretch is a day or a period of days. All profiles of a unit that have an event there are one bitmap; these are added up
-- by a ripple-carry adder, first some neighbours, which have few profiles, then their sums. What was found is cut into
-- pages by those of the universe.
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
WITH
-- @part_adder
    ,
    windows AS (
        SELECT
            window, account, bucket, metric, sipHash64(metric) AS metric_hash, from_ms, to_ms, from_day, to_day, every_ms, last_ms,
            cut_days
        FROM run_windows
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'stretches'
    )
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, slot, page, bitmapAnd(truth, members) AS truth
FROM (
    SELECT t.slot AS slot, c.account AS account, c.bucket AS bucket,
-- @part_at_least
            AS truth
    FROM (
        SELECT window, account, bucket, arrayFold(add, groupArray(some), (nobody, nobody, nobody, nobody)) AS counts
        FROM (
            SELECT
                window, account, bucket,
                arrayFold(add, groupArray((profiles, nobody, nobody, nobody)), (nobody, nobody, nobody, nobody)) AS some
            FROM (
                SELECT window, account, bucket, stretch, groupBitmapOrState(profiles) AS profiles
                FROM (
                    SELECT w.window AS window, w.account AS account, w.bucket AS bucket,
                        intDiv(w.last_ms - d.day * 86400000, w.every_ms) AS stretch, d.profiles AS profiles
                    FROM (
-- @part_days
                    ) AS d
                    INNER JOIN windows AS w ON w.account = d.account AND w.bucket = d.bucket AND w.metric_hash = d.metric_hash
                    WHERE d.day >= w.from_day AND d.day < w.to_day AND NOT has(w.cut_days, d.day)
                    UNION ALL
                    SELECT w.window AS window, w.account AS account, w.bucket AS bucket,
                        intDiv(w.last_ms - e.ms, w.every_ms) AS stretch, groupBitmapState(e.profile_no) AS profiles
                    FROM (
                        SELECT account, bucket, sipHash64(metric) AS metric_hash, toInt64(day) AS day, profile_no, toUnixTimestamp64Milli(time) AS ms
                        FROM events FINAL
                        WHERE
-- @part_units
                            AND retracted = 0
                            AND (metric, events.day) IN (SELECT metric, toDate(arrayJoin(cut_days)) FROM windows)
                    ) AS e
                    INNER JOIN windows AS w ON w.account = e.account AND w.bucket = e.bucket AND w.metric_hash = e.metric_hash
                    WHERE e.ms >= w.from_ms AND e.ms < w.to_ms AND has(w.cut_days, e.day)
                    GROUP BY window, account, bucket, stretch
                )
                GROUP BY window, account, bucket, stretch
            )
            GROUP BY window, account, bucket, intDiv(stretch, 8)
        )
        GROUP BY window, account, bucket
    ) AS c
    INNER JOIN (
        SELECT window, slot, at_least FROM run_thresholds
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op = 'stretches'
    ) AS t ON t.window = c.window
) AS found
INNER JOIN (
-- @part_pages
) AS m ON m.account = found.account AND m.bucket = found.bucket
WHERE bitmapCardinality(truth) > 0
