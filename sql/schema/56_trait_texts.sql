-- Free texts: the traits of large units that have too many different texts for a cell each, once more by text.
CREATE TABLE IF NOT EXISTS trait_texts
(
    account UInt64,
    bucket UInt16,
    trait LowCardinality(String) COMMENT 'As in traits',
    build UInt64 COMMENT 'Which building: that in trait_summaries counts',
    text String COMMENT 'Text form',
    profiles AggregateFunction(groupBitmap, UInt32) COMMENT 'Who has it, of the whole unit: few, so that pages would cost more than they hold'
)
ENGINE = ReplacingMergeTree
ORDER BY (account, bucket, trait, build, text)
SETTINGS index_granularity = 128
COMMENT 'Profiles by free text, for the traits in trait_summaries'
