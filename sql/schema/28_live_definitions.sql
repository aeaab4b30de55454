-- What a unit serves: derived from commits.
CREATE TABLE IF NOT EXISTS live_definitions
(
    account UInt64,
    bucket UInt16,
    segment UInt64,
    version UInt64 COMMENT 'The version that the unit''s pages show',
    as_of DateTime64(3, 'UTC') COMMENT 'The instant that they hold for',
    read_seq UInt64 COMMENT 'The newest commit when the evaluation began to read: a later load makes it due again',
    seq UInt64 COMMENT 'The commit that switched to it; the greatest wins'
)
ENGINE = ReplacingMergeTree(seq)
ORDER BY (account, bucket, segment)
SETTINGS index_granularity = 256
COMMENT 'The definition version that serves in a unit'
