-- build_month: counts the events of a month of a unit, deduplicated, into bit planes
INSERT INTO event_months (account, bucket, metric, month, page, ones, twos, fours, many, version)
SELECT {account:UInt64}, {bucket:UInt16}, metric, {month:Date}, toUInt16(bitShiftRight(profile_no, 16)) AS page,
    bitmapBuild(groupArrayIf(profile_no, events < 8 AND bitTest(events, 0))),
    bitmapBuild(groupArrayIf(profile_no, events < 8 AND bitTest(events, 1))),
    bitmapBuild(groupArrayIf(profile_no, events < 8 AND bitTest(events, 2))),
    bitmapBuild(groupArrayIf(profile_no, events >= 8)),
    {version:UInt64}
FROM (
    SELECT metric, profile_no, count() AS events
    FROM events FINAL
    WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND retracted = 0
        AND day >= {month:Date} AND day < addMonths({month:Date}, 1)
    GROUP BY metric, profile_no
)
GROUP BY metric, page
