-- Which months of which units event_months and event_day_counts are right for.
CREATE TABLE IF NOT EXISTS month_summaries
(
    account UInt64,
    bucket UInt16,
    month Date COMMENT 'First day of the month, UTC',
    built UInt8 COMMENT '1: they have the month whole; 0: a load is changing it',
    version UInt64 COMMENT 'The greatest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (account, bucket, month)
SETTINGS index_granularity = 256
COMMENT 'Which months of which units event_months and event_day_counts are right for'
