-- How many events of a metric each profile has in a calendar month (UTC), as bit planes: added up from those of its days.
CREATE TABLE IF NOT EXISTS event_months
(
    account UInt64,
    bucket UInt16,
    metric LowCardinality(String),
    month Date COMMENT 'First day of the month, UTC',
    page UInt16 COMMENT 'profile_no >> 16',
    ones AggregateFunction(groupBitmap, UInt32) COMMENT 'Bit 0 of counts below 8',
    twos AggregateFunction(groupBitmap, UInt32) COMMENT 'Bit 1 of counts below 8',
    fours AggregateFunction(groupBitmap, UInt32) COMMENT 'Bit 2 of counts below 8',
    many AggregateFunction(groupBitmap, UInt32) COMMENT 'Counts of 8 and more, whatever the other bits say',
    version UInt64 COMMENT 'The greatest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(month)
ORDER BY (account, bucket, metric, month, page)
SETTINGS index_granularity = 256
COMMENT 'Counts of events by month as bit planes, for the months in month_summaries'
