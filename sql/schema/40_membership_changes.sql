-- Who entered and who left; valid when the batch has a commit.
CREATE TABLE IF NOT EXISTS membership_changes
(
    batch UUID,
    seq UInt64,
    account UInt64,
    segment UInt64,
    version UInt64,
    bucket UInt16,
    profile_no UInt32,
    entered UInt8 COMMENT '1 entered, 0 left',
    reason Enum8('change' = 1, 'time' = 2, 'definition' = 3, 'initial' = 4, 'deleted' = 5, 'merged' = 6, 'audit' = 7),
    as_of DateTime64(3, 'UTC'),
    written_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'Retention goes by this: an as_of may lie years back',
    PROJECTION by_profile (SELECT * ORDER BY account, bucket, profile_no, segment)
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(written_at)
ORDER BY (seq, batch, account, bucket, profile_no, segment)
TTL toDateTime(written_at) + INTERVAL 30 DAY
SETTINGS ttl_only_drop_parts = 1
COMMENT 'Who entered and who left; valid when the batch has a commit'
