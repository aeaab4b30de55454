-- sequence: truth of "events of the steps, each strictly later, all within a span"
-- An instant and its step are one number: instant * 8, plus 7 for the first step, 6 for the second and so on, so that of
-- one instant the later steps come first and none builds on another of the same instant. The fold walks a profile's
-- numbers in order and keeps, for each step, the latest start of a chain that has come so far. With two steps it has nothing
-- to walk: if there is a chain, then there is one of neighbours, and to compare neighbours costs little beside the fold.
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
WITH
    windows AS (
-- @part_windows
            AND form = 'sequence'
    ),
-- @part_selected
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, t.slot AS slot, toUInt16(bitShiftRight(a.profile_no, 16)) AS page, groupBitmapState(a.profile_no)
FROM (
    SELECT
        window, profile_no,
        arrayExists((x, y) -> bitAnd(x, 7) = 7 AND bitAnd(y, 7) = 6 AND bitShiftRight(x, 3) >= bitShiftRight(y, 3) - span_ms,
            if(steps = 2, arrayPopBack(instants), []), if(steps = 2, arrayPopFront(instants), []))
        OR arrayFold(
            (reached, x) -> (
                arrayMap(
                    (start, before, i) -> if(i + bitAnd(x, 7) = 8, if(i = 1, bitShiftRight(x, 3), greatest(start, before)), start),
                    reached.1, arrayPushFront(arrayPopBack(reached.1), toInt64(-900000000000000)), range(1, toUInt64(steps) + 1)),
                toUInt8(reached.2 OR (steps + bitAnd(x, 7) = 8 AND reached.1[steps - 1] >= bitShiftRight(x, 3) - span_ms))),
            if(steps = 2, [], instants),
            (arrayWithConstant(toUInt64(steps), toInt64(-900000000000000)), toUInt8(0))).2 AS done
    FROM (
        SELECT
            window, profile_no, any(s.steps) AS steps, any(every_ms) AS span_ms,
            arraySort(groupUniqArray(bitShiftLeft(ms, 3) + toInt64(8 - step))) AS instants
        FROM selected AS s
        GROUP BY window, profile_no
        HAVING groupBitOr(bitShiftLeft(toUInt8(1), step - 1)) = bitShiftLeft(toUInt16(1), any(s.steps)) - 1
    )
) AS a
INNER JOIN (
    SELECT window, slot FROM run_thresholds
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op = 'sequence'
) AS t ON t.window = a.window
WHERE a.done = 1
GROUP BY slot, page
