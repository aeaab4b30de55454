-- Traits by minute: candidates for a tick of the clock. Stale rows do no harm: every candidate is evaluated again.
CREATE TABLE IF NOT EXISTS trait_times
(
    minute Int32 COMMENT 'Minutes since 1970-01-01 UTC of the time, or of the UTC start of the date',
    account UInt64,
    trait LowCardinality(String),
    bucket UInt16,
    profile_no UInt32
)
ENGINE = ReplacingMergeTree
ORDER BY (minute, account, trait, bucket, profile_no)
SETTINGS index_granularity = 1024
COMMENT 'Traits by minute: candidates only'
