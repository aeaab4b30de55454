-- edge: truth of "the latest (earliest) event of a source satisfies a condition"
-- A window has all events of a source as its first step, and those that satisfy the condition as its second. An event's
-- place among those of its profile is one number: instant (45 bits), id (64), metric (16), whether it satisfies (1); for the
-- earliest event the first three are turned round.
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
WITH
    windows AS (
-- @part_windows
            AND form = 'edge'
    ),
-- @part_selected
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, t.slot AS slot, toUInt16(bitShiftRight(a.profile_no, 16)) AS page, groupBitmapState(a.profile_no)
FROM (
    SELECT window, profile_no
    FROM (
        SELECT
            window, profile_no, step, latest,
            bitOr(bitOr(bitShiftLeft(toUInt128(ms + 17592186044416), 80), bitShiftLeft(toUInt128(event), 16)), toUInt128(rank)) AS instant
        FROM selected
    )
    GROUP BY window, profile_no
    HAVING bitAnd(max(bitOr(bitShiftLeft(if(latest = 1, instant, bitNot(instant)), 1), toUInt128(step = 2))), toUInt128(1)) = 1
) AS a
INNER JOIN (
    SELECT window, slot FROM run_thresholds
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op = 'edge'
) AS t ON t.window = a.window
GROUP BY slot, page
