-- Rules of a slice: what a window of counts is put together from.
CREATE TABLE IF NOT EXISTS run_spans
(
    run UUID,
    attempt UUID,
    slice UInt32,
    window UInt32,
    piece UInt32 COMMENT 'A stretch that is counted on its own: whole days where a metric is named, else from events; 0: whole months',
    account UInt64 COMMENT 'For months and days, like the columns below',
    bucket UInt16,
    metric LowCardinality(String),
    day_from Date COMMENT 'Included',
    day_to Date COMMENT 'Excluded'
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, piece, account, bucket, metric, window)
COMMENT 'Rules of a slice: what a window of counts is put together from'
