-- follows: who has an event of a second source on a day with one of a first, or at most so many days later
-- A sequence whose steps have a short span can only be found among these; days are enough to leave out nearly all others.
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
WITH
    windows AS (
        SELECT
            window, step, account, bucket, metric, sipHash64(metric) AS metric_hash, from_day, to_day,
            intDiv(every_ms + 86399999, 86400000) AS span
        FROM run_windows
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'follows'
    ),
    days AS (
        SELECT
            w.window AS window, w.step AS step, w.account AS account, w.bucket AS bucket, w.span AS span, d.day AS day, d.profiles AS profiles
        FROM (
-- @part_days
        ) AS d
        INNER JOIN windows AS w ON w.account = d.account AND w.bucket = d.bucket AND w.metric_hash = d.metric_hash
        WHERE d.day >= w.from_day AND d.day < w.to_day
    )
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, t.slot, m.page, bitmapAnd(f.profiles, m.members)
FROM (
    SELECT one.window AS window, one.account AS account, one.bucket AS bucket,
        groupBitmapOrState(bitmapAnd(one.profiles, other.profiles)) AS profiles
    FROM (
        SELECT window, account, bucket, day, groupBitmapOrState(profiles) AS profiles FROM days
        WHERE step = 1
        GROUP BY window, account, bucket, day
    ) AS one
    INNER JOIN (
        SELECT window, before AS day, groupBitmapOrState(profiles) AS profiles
        FROM (SELECT window, arrayJoin(range(toInt32(day - span), toInt32(day + 1))) AS before, profiles FROM days WHERE step = 2)
        GROUP BY window, before
    ) AS other ON other.window = one.window AND other.day = one.day
    GROUP BY window, account, bucket
) AS f
INNER JOIN (
    SELECT window, slot FROM run_thresholds
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op = 'follows'
) AS t ON t.window = f.window
INNER JOIN (
-- @part_pages
) AS m ON m.account = f.account AND m.bucket = f.bucket
