-- counts: truth of "at least k times", where no summary serves it
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, t.slot AS slot, toUInt16(bitShiftRight(a.profile_no, 16)) AS page, groupBitmapState(a.profile_no)
FROM (
    SELECT w.window AS window, s.profile_no AS profile_no, count() AS events
    FROM (
-- @part_selected
    ) AS s
    INNER JOIN (
        SELECT window, source, from_ms, to_ms FROM run_windows
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'count'
    ) AS w ON w.source = s.source
    WHERE s.ms >= w.from_ms AND s.ms < w.to_ms
    GROUP BY window, profile_no
) AS a
INNER JOIN (
    SELECT window, slot, at_least FROM run_thresholds
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op = 'count'
) AS t ON t.window = a.window
WHERE a.events >= t.at_least
GROUP BY slot, page
