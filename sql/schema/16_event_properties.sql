-- The properties of events that some criterion uses, by key; filled on first use.
CREATE TABLE IF NOT EXISTS event_properties
(
    account UInt64,
    bucket UInt16,
    metric LowCardinality(String),
    property LowCardinality(String) COMMENT 'Path of the property, nested ones with dots',
    day Date COMMENT 'UTC day of time',
    profile_no UInt32 CODEC(Delta, ZSTD),
    time DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    event UInt64 COMMENT 'sipHash64(event id)',
    kind Enum8('absent' = 0, 'text' = 1, 'digits' = 2, 'number' = 3, 'bool' = 4, 'time' = 5, 'date' = 6, 'list' = 7, 'point' = 8)
        COMMENT 'absent: the event has no such property',
    text String COMMENT 'Text form; empty for lists',
    number Float64 COMMENT 'For digits and number, else 0',
    amount Nullable(Int128) COMMENT 'The number in billionths, cut; NULL: none, or 10^29 and more',
    time_ms Int64 COMMENT 'For time: Unix milliseconds, else 0',
    value_day Int32 COMMENT 'For date: days since 1970-01-01, else 0',
    items Array(String) COMMENT 'For list: the text forms of its items',
    retracted UInt8 COMMENT '1: the event was taken back',
    version UInt128 COMMENT 'As in events; the greatest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
ORDER BY (account, bucket, metric, property, day, profile_no, time, event)
COMMENT 'Event properties by key, for the pairs in property_pairs'
