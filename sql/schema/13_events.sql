-- Events by key: what the evaluation of many profiles reads.
CREATE TABLE IF NOT EXISTS events
(
    account UInt64,
    bucket UInt16,
    metric LowCardinality(String),
    day Date COMMENT 'UTC day of time',
    profile_no UInt32 CODEC(Delta, ZSTD),
    time DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    event UInt64 COMMENT 'sipHash64(event id)',
    retracted UInt8 COMMENT '1: the event was taken back',
    version UInt128 COMMENT 'Source version << 64 | offset in the lane; the greatest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
ORDER BY (account, bucket, metric, day, profile_no, time, event)
COMMENT 'Events by key'
