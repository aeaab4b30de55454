-- Profiles with at least one event of a metric on a UTC day. Grows only, so repeats do no harm.
CREATE TABLE IF NOT EXISTS event_days
(
    account UInt64,
    bucket UInt16,
    metric LowCardinality(String),
    day Date COMMENT 'UTC day',
    profiles AggregateFunction(groupBitmap, UInt32)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYear(day)
ORDER BY (account, bucket, metric, day)
SETTINGS index_granularity = 256
COMMENT 'Profiles with at least one event of a metric on a UTC day'
