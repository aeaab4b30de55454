-- build_days: counts the events of the days of a month of a unit, deduplicated, into bit planes
-- Of the sorted profiles of a day's events those that equal the one before have two events or more; of these again, three.
-- That is a third of the CPU that it takes to count each profile's events by GROUP BY.
INSERT INTO event_day_counts (account, bucket, metric, day, ones, twos, fours, many, version)
WITH (profiles -> arrayFilter((this, last) -> this = last, profiles, arrayShiftRight(profiles, 1, 4294967295))) AS one_more
SELECT {account:UInt64}, {bucket:UInt16}, metric, day,
    bitmapXor(bitmapXor(bitmapXor(b1, b2), bitmapXor(b3, b4)), bitmapXor(bitmapXor(b5, b6), bitmapXor(b7, b8))),
    bitmapXor(bitmapXor(b2, b4), bitmapXor(b6, b8)),
    bitmapXor(b4, b8),
    b8,
    {version:UInt64}
FROM (
    SELECT metric, day,
        arraySort(groupArray(profile_no)) AS a1, one_more(a1) AS a2, one_more(a2) AS a3, one_more(a3) AS a4,
        one_more(a4) AS a5, one_more(a5) AS a6, one_more(a6) AS a7, one_more(a7) AS a8,
        bitmapBuild(a1) AS b1, bitmapBuild(a2) AS b2, bitmapBuild(a3) AS b3, bitmapBuild(a4) AS b4,
        bitmapBuild(a5) AS b5, bitmapBuild(a6) AS b6, bitmapBuild(a7) AS b7, bitmapBuild(a8) AS b8
    FROM events FINAL
    WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND retracted = 0
        AND day >= {month:Date} AND day < addMonths({month:Date}, 1)
    GROUP BY account, bucket, metric, day
)
SETTINGS optimize_aggregation_in_order = 1, max_threads = 1
