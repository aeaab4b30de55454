-- Which traits of which units have cells.
CREATE TABLE IF NOT EXISTS trait_summaries
(
    account UInt64,
    bucket UInt16,
    trait LowCardinality(String),
    built UInt8 COMMENT '1: the cells hold the trait whole; 0: a load is changing it',
    exact UInt8 COMMENT '1: the members of each cell have one text, so that any test of text can be decided',
    build UInt64 COMMENT 'Which cells',
    version UInt64 COMMENT 'The greatest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (account, bucket, trait)
SETTINGS index_granularity = 256
COMMENT 'Which traits of which units have cells'
