-- aggregate: truth of sums, averages, least and greatest over windows
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, t.slot AS slot, toUInt16(bitShiftRight(a.profile_no, 16)) AS page, groupBitmapState(a.profile_no)
FROM (
    SELECT
        w.window AS window, s.profile_no AS profile_no,
        ifNull(sum(toInt256(s.amount)), toInt256(0)) AS amount, count(s.amount) AS amounts, min(s.number) AS least, max(s.number) AS greatest
    FROM (
        SELECT source, profile_no, ms, number, amount FROM run_events
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
            AND source IN (
                SELECT source FROM run_windows
                WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'aggregate')
    ) AS s
    INNER JOIN (
        SELECT window, source, from_ms, to_ms FROM run_windows
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND form = 'aggregate'
    ) AS w ON w.source = s.source
    WHERE s.ms >= w.from_ms AND s.ms < w.to_ms
    GROUP BY window, profile_no
) AS a
INNER JOIN (
    SELECT window, slot, op, toInt256(amount) AS amount, bounded, above, number_from, number_below FROM run_thresholds
    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op BETWEEN 'sum' AND 'greatest'
) AS t ON t.window = a.window
WHERE multiIf(
    t.op = 'sum', a.amount >= t.amount,
    t.op = 'negative_sum', -a.amount >= t.amount,
    t.op = 'average', a.amounts > 0 AND (t.bounded = 0
        OR if(t.above = 1, a.amount > t.amount * toInt256(a.amounts), a.amount >= t.amount * toInt256(a.amounts))),
    t.op = 'least', a.least >= t.number_from AND a.least < t.number_below,
    t.op = 'greatest', a.greatest >= t.number_from AND a.greatest < t.number_below,
    0)
GROUP BY slot, page
