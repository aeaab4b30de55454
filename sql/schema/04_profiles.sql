-- External id -> number; written before any row that uses the number.
CREATE TABLE IF NOT EXISTS profiles
(
    account UInt64,
    bucket UInt16,
    external_id String COMMENT 'The user''s own id of the profile',
    profile_no UInt32 COMMENT '0, 1, 2 .. within (account, bucket); given by the lane''s only holder; never used again',
    state Enum8('live' = 1, 'merged' = 2, 'deleted' = 3),
    version UInt64 COMMENT 'The greatest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (account, bucket, external_id)
SETTINGS index_granularity = 512
COMMENT 'External id to number'
