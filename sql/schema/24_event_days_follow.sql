-- Every row of events_by_profile goes on to event_days.
CREATE MATERIALIZED VIEW IF NOT EXISTS event_days_follow TO event_days AS
SELECT account, bucket, metric, toDate(time) AS day, groupBitmapState(profile_no) AS profiles
FROM events_by_profile
WHERE retracted = 0
GROUP BY account, bucket, metric, day
