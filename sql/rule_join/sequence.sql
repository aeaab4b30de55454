-- sequence: truth of "events of the steps, each strictly later, all within a span"
-- The fold walks a profile's instants in order and keeps, for each step, the latest start of a chain that has come so far.
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, t.slot AS slot, toUInt16(bitShiftRight(a.profile_no, 16)) AS page, groupBitmapState(a.profile_no)
FROM (
    SELECT
        window, profile_no,
        arrayFold(
            (reached, x) -> (
                arrayMap(
                    i -> if(bitTest(x.2, i - 1), if(i = 1, x.1, greatest(reached.1[i], reached.1[i - 1])), reached.1[i]),
                    range(1, toUInt64(steps) + 1)),
                toUInt8(reached.2 OR (bitTest(x.2, steps - 1) AND reached.1[steps - 1] >= x.1 - span_ms))),
            instants,
            (arrayWithConstant(toUInt64(steps), toInt64(-9000000000000000)), toUInt8(0))).2 AS done
    FROM (
        SELECT window, profile_no, any(steps) AS steps, any(span_ms) AS span_ms, arraySort(groupArray((ms, mask))) AS instants
        FROM (
            SELECT
                w.window AS window, s.profile_no AS profile_no, s.ms AS ms, any(w.steps) AS steps, any(w.every_ms) AS span_ms,
                groupBitOr(bitShiftLeft(toUInt8(1), w.step - 1)) AS mask
            FROM (
-- @part_selected
            ) AS s
            INNER JOIN (
                SELECT window, source, step, steps, every_ms, from_ms, to_ms FROM run_windows
                WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'sequence'
            ) AS w ON w.source = s.source
            WHERE s.ms >= w.from_ms AND s.ms < w.to_ms
            GROUP BY window, profile_no, ms
        )
        GROUP BY window, profile_no
    )
) AS a
INNER JOIN (
    SELECT window, slot FROM run_thresholds
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op = 'sequence'
) AS t ON t.window = a.window
WHERE a.done = 1
GROUP BY slot, page
