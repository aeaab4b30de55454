-- counts: truth of "at least k times", where no summary serves it
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
WITH
    windows AS (
-- @part_windows
            AND form = 'count'
    ),
-- @part_selected
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, t.slot AS slot, toUInt16(bitShiftRight(a.profile_no, 16)) AS page, groupBitmapState(a.profile_no)
FROM (
    SELECT window, profile_no, count() AS events FROM selected
    GROUP BY window, profile_no
) AS a
INNER JOIN (
    SELECT window, slot, at_least FROM run_thresholds
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op = 'count'
) AS t ON t.window = a.window
WHERE a.events >= t.at_least
GROUP BY slot, page
