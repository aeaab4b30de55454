-- Rules of a slice: what a window of counts is put together from.
CREATE TABLE IF NOT EXISTS run_spans
(
    run UUID,
    attempt UUID,
    slice UInt32,
    window UInt32,
    piece UInt32 COMMENT 'A stretch that is counted from events; 0: whole months',
    account UInt64 COMMENT 'For months, like the columns below',
    bucket UInt16,
    metric LowCardinality(String),
    month_from Date COMMENT 'Included',
    month_to Date COMMENT 'Excluded'
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, piece, account, bucket, metric, window)
COMMENT 'Rules of a slice: what a window of counts is put together from'
