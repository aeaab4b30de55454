-- Number -> external id.
CREATE TABLE IF NOT EXISTS profile_names
(
    account UInt64,
    bucket UInt16,
    profile_no UInt32 CODEC(Delta, ZSTD),
    external_id String COMMENT 'The user''s own id of the profile',
    version UInt64 COMMENT 'The greatest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (account, bucket, profile_no)
SETTINGS index_granularity = 1024
COMMENT 'Number to external id; follows profiles'
