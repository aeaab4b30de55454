-- Number -> external id.
CREATE TABLE IF NOT EXISTS profile_names
(
    account UInt64,
    bucket UInt16,
    profile_no UInt32 CODEC(Delta, ZSTD),
    external_id String COMMENT 'The user''s own id of the profile',
    hundredth UInt16 DEFAULT toUInt16(sipHash64(concat(char(0), external_id)) % 10000) COMMENT 'Place in a sample without a salt, 0 to 9999',
    version UInt64 COMMENT 'The greatest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (account, bucket, profile_no)
SETTINGS index_granularity = 1024
COMMENT 'Number to external id; follows profiles'
