-- regular: truth of "in at least k of the last n periods"
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
WITH
    windows AS (
-- @part_windows
            AND form = 'regular'
    ),
-- @part_selected
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, slot, toUInt16(bitShiftRight(profile_no, 16)) AS page, groupBitmapState(profile_no)
FROM (
    SELECT t.slot AS slot, p.profile_no AS profile_no
    FROM (
        SELECT window, profile_no, intDiv(to_ms - 1 - ms, every_ms) AS period, count() AS events FROM selected
        GROUP BY window, profile_no, period
    ) AS p
    INNER JOIN (
        SELECT window, slot, at_least, count_from, count_below, outside FROM run_thresholds
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op = 'regular'
    ) AS t ON t.window = p.window
    GROUP BY slot, profile_no
    HAVING sum((p.events >= t.count_from AND p.events < t.count_below) != t.outside) >= any(t.at_least)
)
GROUP BY slot, page
