-- edge: truth of "the latest (earliest) event lies in a window and satisfies all conditions"
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, t.slot AS slot, toUInt16(bitShiftRight(a.profile_no, 16)) AS page, groupBitmapState(a.profile_no)
FROM (
    SELECT
        w.window AS window, s.profile_no AS profile_no,
        if(any(w.latest) = 1,
            argMax((s.ms, s.has), (s.ms, s.event, toString(s.metric))),
            argMin((s.ms, s.has), (s.ms, s.event, toString(s.metric)))) AS edge
    FROM (
-- @part_selected
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
WHERE a.edge.1 >= t.from_ms AND a.edge.1 < t.to_ms AND a.edge.2 = 1
GROUP BY slot, page
