-- How many events of a metric each profile has on a day (UTC), as bit planes: built from deduplicated events.
CREATE TABLE IF NOT EXISTS event_day_counts
(
    account UInt64,
    bucket UInt16,
    metric LowCardinality(String),
    day Date COMMENT 'UTC day',
    ones AggregateFunction(groupBitmap, UInt32) COMMENT 'Bit 0 of counts below 8',
    twos AggregateFunction(groupBitmap, UInt32) COMMENT 'Bit 1 of counts below 8',
    fours AggregateFunction(groupBitmap, UInt32) COMMENT 'Bit 2 of counts below 8',
    many AggregateFunction(groupBitmap, UInt32) COMMENT 'Counts of 8 and more, whatever the other bits say',
    version UInt64 COMMENT 'The greatest wins'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(day)
ORDER BY (account, bucket, metric, day)
SETTINGS index_granularity = 16
COMMENT 'Counts of events by day as bit planes, for the days of the months in month_summaries'
