-- pieces: counts of events in the stretches of windows that no summary covers, as bit planes
INSERT INTO run_planes (run, attempt, slice, piece, page, ones, twos, fours, many)
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
            AND metric IN (
                SELECT metric FROM run_sources
                WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'all')
            AND (metric, day) IN (
                SELECT s.metric, arrayJoin(arrayMap(x -> toDate(toUInt16(x)), range(toUInt32(w.from_day), least(65536, toUInt32(w.to_day)))))
                FROM (
                    SELECT DISTINCT source, from_day, to_day FROM run_windows
                    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'piece'
                ) AS w
                INNER JOIN (
                    SELECT source, metric FROM run_sources
                    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'all'
                ) AS s ON s.source = w.source)
    ) AS e
    INNER JOIN (
        SELECT source, account, bucket, metric, sipHash64(metric) AS metric_hash FROM run_sources
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'all'
    ) AS s ON s.account = e.account AND s.bucket = e.bucket AND s.metric_hash = e.metric_hash
    INNER JOIN (
        SELECT window, source, from_ms, to_ms FROM run_windows
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'piece'
    ) AS w ON w.source = s.source
    WHERE e.ms >= w.from_ms AND e.ms < w.to_ms
    GROUP BY piece, profile_no
)
GROUP BY piece, page
