-- Events by profile, whole: explain, back-fill, real time; the authority for "seen this event before".
CREATE TABLE IF NOT EXISTS events_by_profile
(
    account UInt64,
    bucket UInt16,
    profile_no UInt32 CODEC(Delta, ZSTD),
    metric LowCardinality(String),
    time DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    event UInt64 COMMENT 'sipHash64(event id); identity = (account, profile, metric, time, id)',
    properties Map(String, String) COMMENT 'Typed values as segment_rules::value::Value encodes them',
    retracted UInt8 COMMENT '1: the event was taken back',
    version UInt128 COMMENT 'Source version << 64 | offset in the lane: no ties; the greatest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (account, bucket, profile_no, metric, time, event)
SETTINGS index_granularity = 512
COMMENT 'Events by profile; the loader writes here and into event_properties; events, event_times and event_days follow'
