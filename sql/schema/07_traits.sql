-- Traits by key: one trait of all profiles is one range.
CREATE TABLE IF NOT EXISTS traits
(
    account UInt64,
    bucket UInt16,
    trait LowCardinality(String) COMMENT 'p/PROPERTY, consent/CHANNEL, list/ID or geo',
    profile_no UInt32 CODEC(Delta, ZSTD),
    kind Enum8('absent' = 0, 'text' = 1, 'digits' = 2, 'number' = 3, 'bool' = 4, 'time' = 5, 'date' = 6, 'list' = 7, 'point' = 8)
        COMMENT 'absent: the trait was taken away; digits: a text that counts as a number',
    text String COMMENT 'Text form; empty for lists and points',
    number Float64 COMMENT 'For digits and number, else 0',
    time_ms Int64 COMMENT 'For time: Unix milliseconds, else 0',
    day Int32 COMMENT 'For date: days since 1970-01-01 as written, else 0',
    items Array(String) COMMENT 'For list: the text forms of its items',
    latitude Float64 COMMENT 'For point: degrees',
    longitude Float64 COMMENT 'For point: degrees',
    set_ms Int64 COMMENT 'When it became so in the source, Unix milliseconds; the least Int64: unknown',
    version UInt128 COMMENT 'Source version << 64 | offset in the lane: no ties; the greatest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (account, bucket, trait, profile_no)
COMMENT 'Traits by key: what the evaluation of many profiles reads'
