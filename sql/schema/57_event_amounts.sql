-- Numbers of events beside a text of theirs, by key: sums over the events that a condition on the text chooses read one row
-- of each event, where event_properties has one for the text and another for the number, far from it.
CREATE TABLE IF NOT EXISTS event_amounts
(
    account UInt64,
    bucket UInt16,
    metric LowCardinality(String),
    property LowCardinality(String) COMMENT 'Path of the property that has the text',
    summed LowCardinality(String) COMMENT 'Path of the property that has the number',
    day Date COMMENT 'UTC day of time',
    profile_no UInt32 CODEC(Delta, ZSTD),
    time DateTime64(3, 'UTC'),
    event UInt64 COMMENT 'sipHash64(event id)',
    counts UInt8 COMMENT '1: the event stands, and has both',
    text LowCardinality(String) COMMENT 'Text form of the one',
    amount Int128 COMMENT 'The other in billionths, cut',
    version UInt128 COMMENT 'As in events; the greatest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
ORDER BY (account, bucket, metric, property, summed, day, profile_no, time, event)
COMMENT 'Numbers of events beside a text of theirs, by key, for the pairs in property_pairs that name a summed property'
