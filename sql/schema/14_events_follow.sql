-- Every row of events_by_profile goes on to events, without its properties.
CREATE MATERIALIZED VIEW IF NOT EXISTS events_follow TO events AS
SELECT account, bucket, metric, toDate(time) AS day, profile_no, time, event, retracted, version
FROM events_by_profile
