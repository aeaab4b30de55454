-- build_month: adds up the counts of the days of a month of a unit
INSERT INTO event_months (account, bucket, metric, month, page, ones, twos, fours, many, version)
WITH
-- @part_adder
SELECT {account:UInt64}, {bucket:UInt16}, metric, {month:Date}, toUInt16(page) AS page,
    bitmapSubsetInRange(counts.1, toUInt32(page) * 65536, (toUInt32(page) + 1) * 65536),
    bitmapSubsetInRange(counts.2, toUInt32(page) * 65536, (toUInt32(page) + 1) * 65536),
    bitmapSubsetInRange(counts.3, toUInt32(page) * 65536, (toUInt32(page) + 1) * 65536),
    bitmapSubsetInRange(counts.4, toUInt32(page) * 65536, (toUInt32(page) + 1) * 65536),
    {version:UInt64}
FROM (
    SELECT metric, counts, arrayJoin(range(bitShiftRight(bitmapMin(anybody), 16), bitShiftRight(bitmapMax(anybody), 16) + 1)) AS page
    FROM (
        SELECT
            metric, arrayFold(add, groupArray((ones, twos, fours, many)), (nobody, nobody, nobody, nobody)) AS counts,
            bitmapOr(bitmapOr(counts.1, counts.2), bitmapOr(counts.3, counts.4)) AS anybody
        FROM event_day_counts FINAL
        WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND day >= {month:Date} AND day < addMonths({month:Date}, 1)
            AND version = {version:UInt64}
        GROUP BY metric
    )
    WHERE bitmapCardinality(anybody) > 0
)
