-- chosen_sums: truth of sums and averages over events that conditions choose, as staged
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
WITH
    windows AS (
        SELECT window, source, from_ms, to_ms FROM run_windows
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'aggregate'
    )
-- @part_sums
    FROM (
        SELECT source, profile_no, ms, assumeNotNull(amount) AS amount FROM run_events
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
            AND source IN (SELECT source FROM windows) AND run_events.amount IS NOT NULL
    ) AS e
    INNER JOIN windows AS w ON w.source = e.source
    WHERE e.ms >= w.from_ms AND e.ms < w.to_ms
-- @part_sums_reached
