-- event_days: the days of a month of a bucket, from events
INSERT INTO event_days (account, bucket, metric, day, profiles)
SELECT account, bucket, metric, day, groupBitmapState(profile_no)
FROM events
WHERE bucket = {bucket:UInt16} AND day >= {month:Date} AND day < addMonths({month:Date}, 1)
GROUP BY account, bucket, metric, day
