-- build_month: adds up the counts of the days of a month of a unit
INSERT INTO event_months (account, bucket, metric, month, page, ones, twos, fours, many, version)
WITH
-- @part_adder
SELECT {account:UInt64}, {bucket:UInt16}, metric, {month:Date}, toUInt16(bitShiftRight(bit.1, 16)) AS page,
    groupBitmapStateIf(bit.1, bit.2 = 1), groupBitmapStateIf(bit.1, bit.2 = 2), groupBitmapStateIf(bit.1, bit.2 = 4),
    groupBitmapStateIf(bit.1, bit.2 = 8), {version:UInt64}
FROM (
    SELECT metric, arrayJoin(arrayConcat(
        arrayMap(x -> (x, 1), bitmapToArray(counts.1)), arrayMap(x -> (x, 2), bitmapToArray(counts.2)),
        arrayMap(x -> (x, 4), bitmapToArray(counts.3)), arrayMap(x -> (x, 8), bitmapToArray(counts.4)))) AS bit
    FROM (
        SELECT metric, arrayFold(add, groupArray((ones, twos, fours, many)), (nobody, nobody, nobody, nobody)) AS counts
        FROM event_day_counts FINAL
        WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND day >= {month:Date} AND day < addMonths({month:Date}, 1)
            AND version = {version:UInt64}
        GROUP BY metric
    )
)
GROUP BY metric, page
