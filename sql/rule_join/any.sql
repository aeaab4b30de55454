-- any: truth of "at least once": whole days from event_days, the days at the edges of windows from events
-- What was found in a unit is cut into pages by those of the universe.
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
WITH
    windows AS (
        SELECT window, account, bucket, metric, sipHash64(metric) AS metric_hash, from_ms, to_ms, from_day, to_day FROM run_windows
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'any' AND metric != '')
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, t.slot AS slot, a.page AS page, a.truth AS truth
FROM (
    SELECT w.window AS window, m.page AS page, bitmapAnd(w.profiles, m.members) AS truth
    FROM (
        SELECT window, account, bucket, groupBitmapOrState(profiles) AS profiles
        FROM (
            SELECT w.window AS window, w.account AS account, w.bucket AS bucket, d.profiles AS profiles
            FROM (
                SELECT account, bucket, sipHash64(metric) AS metric_hash, toInt32(day) AS day, profiles FROM event_days
                WHERE
-- @part_units
                    AND metric IN (SELECT metric FROM windows)
                    AND event_days.day BETWEEN {day_from:Date} AND {day_to:Date}
            ) AS d
            INNER JOIN windows AS w ON w.account = d.account AND w.bucket = d.bucket AND w.metric_hash = d.metric_hash
            WHERE d.day >= w.from_day AND d.day < w.to_day
            UNION ALL
            SELECT w.window AS window, w.account AS account, w.bucket AS bucket, groupBitmapState(e.profile_no) AS profiles
            FROM (
                SELECT account, bucket, sipHash64(metric) AS metric_hash, toInt32(day) AS day, profile_no, toUnixTimestamp64Milli(time) AS ms FROM events FINAL
                WHERE
-- @part_units
                    AND metric IN (SELECT metric FROM windows) AND retracted = 0
                    AND (metric, events.day) IN (
                        SELECT metric, arrayJoin(arrayMap(x -> toDate(toUInt16(greatest(0, least(65535, intDiv(x, 86400000))))), [from_ms, to_ms - 1]))
                        FROM windows)
            ) AS e
            INNER JOIN windows AS w ON w.account = e.account AND w.bucket = e.bucket AND w.metric_hash = e.metric_hash
            WHERE e.ms >= w.from_ms AND e.ms < w.to_ms AND NOT (e.day >= w.from_day AND e.day < w.to_day)
            GROUP BY window, account, bucket
        )
        GROUP BY window, account, bucket
    ) AS w
    INNER JOIN (
-- @part_pages
    ) AS m ON m.account = w.account AND m.bucket = w.bucket
) AS a
INNER JOIN (
    SELECT window, slot FROM run_thresholds
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op = 'any'
) AS t ON t.window = a.window
WHERE bitmapCardinality(a.truth) > 0
