-- pieces: counts of events in the stretches of windows that no summary covers, as bit planes
INSERT INTO run_planes (run, attempt, slice, piece, page, ones, twos, fours, many)
WITH windows AS (
    SELECT window, account, bucket, metric, sipHash64(metric) AS metric_hash, from_ms, to_ms, from_day, to_day FROM run_windows
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'piece')
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, piece, toUInt16(bitShiftRight(profile_no, 16)) AS page,
    bitmapBuild(groupArrayIf(profile_no, events < 8 AND bitTest(events, 0))),
    bitmapBuild(groupArrayIf(profile_no, events < 8 AND bitTest(events, 1))),
    bitmapBuild(groupArrayIf(profile_no, events < 8 AND bitTest(events, 2))),
    bitmapBuild(groupArrayIf(profile_no, events >= 8))
FROM (
    SELECT w.window AS piece, e.profile_no AS profile_no, count() AS events
    FROM (
        SELECT account, bucket, sipHash64(metric) AS metric_hash, profile_no, toUnixTimestamp64Milli(time) AS ms FROM events FINAL
        WHERE
-- @part_units
            AND retracted = 0
            AND metric IN (SELECT metric FROM windows)
            AND (metric, day) IN (
                SELECT DISTINCT metric, arrayJoin(arrayMap(x -> toDate(toUInt16(x)), range(toUInt32(from_day), least(65536, toUInt32(to_day)))))
                FROM windows)
    ) AS e
    INNER JOIN windows AS w ON w.account = e.account AND w.bucket = e.bucket AND w.metric_hash = e.metric_hash
    WHERE e.ms >= w.from_ms AND e.ms < w.to_ms
    GROUP BY piece, profile_no
)
GROUP BY piece, page
