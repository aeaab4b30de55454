-- build_days: counts the events of the days of a month of a unit, deduplicated, into bit planes
-- Events come in the order of their days and profiles, so each count is ready before the next begins.
INSERT INTO event_day_counts (account, bucket, metric, day, ones, twos, fours, many, version)
SELECT {account:UInt64}, {bucket:UInt16}, metric, day,
    groupBitmapStateIf(profile_no, events < 8 AND bitTest(events, 0)),
    groupBitmapStateIf(profile_no, events < 8 AND bitTest(events, 1)),
    groupBitmapStateIf(profile_no, events < 8 AND bitTest(events, 2)),
    groupBitmapStateIf(profile_no, events >= 8),
    {version:UInt64}
FROM (
    SELECT account, bucket, metric, day, profile_no, count() AS events
    FROM events FINAL
    WHERE account = {account:UInt64} AND bucket = {bucket:UInt16} AND retracted = 0
        AND day >= {month:Date} AND day < addMonths({month:Date}, 1)
    GROUP BY account, bucket, metric, day, profile_no
)
GROUP BY metric, day
SETTINGS optimize_aggregation_in_order = 1
