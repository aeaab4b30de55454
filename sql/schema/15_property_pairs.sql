-- The (metric, property) pairs that are kept in event_properties.
CREATE TABLE IF NOT EXISTS property_pairs
(
    account UInt64,
    metric String COMMENT 'A metric, or * for every metric',
    property String,
    filled UInt8 COMMENT '0: being filled; 1: complete',
    version UInt64 COMMENT 'The greatest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (account, metric, property)
COMMENT 'The (metric, property) pairs that some criterion uses'
