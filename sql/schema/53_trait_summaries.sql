-- Which traits of which units have cells or are in trait_texts.
CREATE TABLE IF NOT EXISTS trait_summaries
(
    account UInt64,
    bucket UInt16,
    trait LowCardinality(String),
    built UInt8 COMMENT '1: they hold the trait whole; 0: a load is changing it',
    form Enum8('stretches' = 0, 'values' = 1, 'texts' = 2)
        COMMENT 'stretches: the members of a cell may differ in their texts; values: they have one text, so that any test of text can be decided; texts: in trait_texts',
    build UInt64 COMMENT 'Which building',
    version UInt64 COMMENT 'The greatest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (account, bucket, trait)
SETTINGS index_granularity = 256
COMMENT 'Which traits of which units have cells or are in trait_texts'
