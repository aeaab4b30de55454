-- Traits by profile: what the evaluation of few profiles and explain read.
CREATE TABLE IF NOT EXISTS traits_by_profile
(
    account UInt64,
    bucket UInt16,
    profile_no UInt32 CODEC(Delta, ZSTD),
    trait LowCardinality(String) COMMENT 'As in traits, like all columns below',
    kind Enum8('absent' = 0, 'text' = 1, 'digits' = 2, 'number' = 3, 'bool' = 4, 'time' = 5, 'date' = 6, 'list' = 7, 'point' = 8),
    text String,
    number Float64,
    time_ms Int64,
    day Int32,
    items Array(String),
    latitude Float64,
    longitude Float64,
    set_ms Int64,
    version UInt128
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (account, bucket, profile_no, trait)
SETTINGS index_granularity = 512
COMMENT 'Traits by profile; the loader writes here, traits and trait_times follow'
