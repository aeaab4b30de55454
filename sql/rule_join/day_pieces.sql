-- day_pieces: counts of events in the whole days of windows that no whole month covers, as bit planes
-- Days are added up for all profiles of a unit at once, first some neighbours, which have few profiles, then their sums.
-- Only the sum of all is cut into pages, by those of the universe: a page of a day has few profiles.
INSERT INTO run_planes (run, attempt, slice, piece, page, ones, twos, fours, many)
WITH
-- @part_adder
SELECT {run:UUID}, {attempt:UUID}, {slice:UInt32}, c.piece, m.page,
    bitmapAnd(c.counts.1, m.members), bitmapAnd(c.counts.2, m.members),
    bitmapAnd(c.counts.3, m.members), bitmapAnd(c.counts.4, m.members)
FROM (
    SELECT piece, account, bucket, arrayFold(add, groupArray(some), (nobody, nobody, nobody, nobody)) AS counts
    FROM (
        SELECT
            s.piece AS piece, s.account AS account, s.bucket AS bucket,
            arrayFold(add, groupArray((d.ones, d.twos, d.fours, d.many)), (nobody, nobody, nobody, nobody)) AS some
        FROM (
            SELECT account, bucket, metric, day, ones, twos, fours, many FROM event_day_counts FINAL
            PREWHERE
-- @part_units
                AND metric IN (
                    SELECT metric FROM run_spans
                    WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND piece != 0 AND metric != '')
                AND day IN (
                    SELECT arrayJoin(arrayMap(x -> toDate(toUInt16(x)), range(toUInt16(day_from), toUInt16(day_to))))
                    FROM (
                        SELECT DISTINCT day_from, day_to FROM run_spans
                        WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND piece != 0 AND metric != ''))
        ) AS d
        INNER JOIN (
            SELECT DISTINCT piece, account, bucket, metric, day_from, day_to FROM run_spans
            WHERE run = {run:UUID} AND attempt = {attempt:UUID} AND slice = {slice:UInt32} AND piece != 0 AND metric != ''
        ) AS s ON s.account = d.account AND s.bucket = d.bucket AND s.metric = d.metric
        WHERE d.day >= s.day_from AND d.day < s.day_to
        GROUP BY piece, account, bucket, intDiv(toUInt16(d.day), 4)
    )
    GROUP BY piece, account, bucket
) AS c
INNER JOIN (
-- @part_pages
) AS m ON m.account = c.account AND m.bucket = c.bucket
