-- chosen: truth of "at least once" for events that conditions choose, as staged
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, w.slot AS slot, toUInt16(bitShiftRight(e.profile_no, 16)) AS page, groupBitmapState(e.profile_no)
FROM (
    SELECT source, profile_no, ms FROM run_events
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
        AND source IN (
            SELECT source FROM run_windows
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'any')
) AS e
INNER JOIN (
    SELECT t.slot AS slot, w.source AS source, w.from_ms AS from_ms, w.to_ms AS to_ms
    FROM (
        SELECT window, source, from_ms, to_ms FROM run_windows
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'any'
    ) AS w
    INNER JOIN (
        SELECT window, slot FROM run_thresholds
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op = 'any'
    ) AS t ON t.window = w.window
) AS w ON w.source = e.source
WHERE e.ms >= w.from_ms AND e.ms < w.to_ms
GROUP BY slot, page
