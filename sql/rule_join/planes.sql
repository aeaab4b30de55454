-- planes: truth of "at least k times", k from 2 to 8: months and pieces are added up by a ripple-carry adder of bitmaps
INSERT INTO run_bitmaps (run, attempt, slice, slot, page, truth)
WITH
-- @part_adder
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, slot, page, truth
FROM (
    SELECT t.slot AS slot, c.page AS page,
-- @part_at_least
            AS truth
    FROM (
        SELECT window, page, arrayFold(add, groupArray((ones, twos, fours, many)), (nobody, nobody, nobody, nobody)) AS counts
        FROM (
            SELECT s.window AS window, p.page AS page, p.ones AS ones, p.twos AS twos, p.fours AS fours, p.many AS many
            FROM (
                SELECT piece, page, ones, twos, fours, many FROM run_planes
                WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32}
            ) AS p
            INNER JOIN (
                SELECT DISTINCT window, piece FROM run_spans
                WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND piece != 0
            ) AS s ON s.piece = p.piece
            UNION ALL
            SELECT s.window AS window, m.page AS page, m.ones AS ones, m.twos AS twos, m.fours AS fours, m.many AS many
            FROM (
                SELECT account, bucket, metric, month, page, ones, twos, fours, many FROM event_months FINAL
                PREWHERE
-- @part_units
                    AND metric IN (
                        SELECT metric FROM run_spans
                        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND piece = 0)
                    AND month BETWEEN {day_from:Date} AND {day_to:Date}
            ) AS m
            INNER JOIN (
                SELECT window, account, bucket, metric, day_from, day_to FROM run_spans
                WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND piece = 0
            ) AS s ON s.account = m.account AND s.bucket = m.bucket AND s.metric = m.metric
            WHERE m.month >= s.day_from AND m.month < s.day_to
        )
        GROUP BY window, page
    ) AS c
    INNER JOIN (
        SELECT window, slot, at_least FROM run_thresholds
        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND op = 'planes'
    ) AS t ON t.window = c.window
)
WHERE bitmapCardinality(truth) > 0
