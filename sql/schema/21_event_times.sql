-- Events by minute: candidates for a tick of the clock.
CREATE TABLE IF NOT EXISTS event_times
(
    minute UInt32 COMMENT 'Minutes since 1970-01-01 UTC',
    account UInt64,
    metric LowCardinality(String),
    bucket UInt16,
    profile_no UInt32
)
ENGINE = ReplacingMergeTree
PARTITION BY intDiv(minute, 44640)
ORDER BY (minute, account, metric, bucket, profile_no)
SETTINGS index_granularity = 1024
COMMENT 'Events by minute: candidates only'
