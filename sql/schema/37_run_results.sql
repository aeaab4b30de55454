-- Staged truth of segments; seen by nobody until committed.
CREATE TABLE IF NOT EXISTS run_results
(
    run UUID,
    attempt UUID,
    slice UInt32,
    account UInt64,
    bucket UInt16,
    page UInt16,
    segment UInt64 COMMENT '0: the universe',
    version UInt64,
    truth AggregateFunction(groupBitmap, UInt32)
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, account, bucket, page, segment)
SETTINGS index_granularity = 256
COMMENT 'Staged truth of segments; seen by nobody until committed'
