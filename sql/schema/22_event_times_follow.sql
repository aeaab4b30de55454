-- Every row of events_by_profile goes on to event_times, which makes one of equal rows.
CREATE MATERIALIZED VIEW IF NOT EXISTS event_times_follow TO event_times AS
SELECT toUInt32(intDiv(toUnixTimestamp64Milli(time), 60000)) AS minute, account, metric, bucket, profile_no
FROM events_by_profile
