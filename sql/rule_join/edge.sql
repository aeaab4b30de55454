-- edge: truth of "the latest (earliest) event lies in a window and satisfies all conditions"
-- An event's place among those of its profile is one number: instant (45 bits), id (64), metric (16), whether it satisfies (1).
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, t.slot AS slot, toUInt16(bitShiftRight(a.profile_no, 16)) AS page, groupBitmapState(a.profile_no)
FROM (
    SELECT
        w.window AS window, s.profile_no AS profile_no,
        if(any(w.latest) = 1, max(s.place), min(s.place)) AS edge,
        toInt64(bitShiftRight(edge, 81)) - 17592186044416 AS ms, toUInt8(bitAnd(edge, toUInt128(1))) AS has
    FROM (
        SELECT source, profile_no, ms,
            bitOr(bitOr(bitShiftLeft(toUInt128(ms + 17592186044416), 81), bitShiftLeft(toUInt128(event), 17)),
                toUInt128(bitOr(bitShiftLeft(toUInt32(rank), 1), has))) AS place
        FROM (
-- @part_selected
        )
    ) AS s
    INNER JOIN (
        SELECT window, source, from_ms, to_ms, latest FROM run_windows
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'edge'
    ) AS w ON w.source = s.source
    WHERE s.ms >= w.from_ms AND s.ms < w.to_ms
    GROUP BY window, profile_no
) AS a
INNER JOIN (
    SELECT window, slot, from_ms, to_ms FROM run_thresholds
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op = 'edge'
) AS t ON t.window = a.window
WHERE a.ms >= t.from_ms AND a.ms < t.to_ms AND a.has = 1
GROUP BY slot, page
