-- Counts of events in the stretches of a slice that no month covers, as bit planes like those of event_months.
CREATE TABLE IF NOT EXISTS run_planes
(
    run UUID,
    attempt UUID,
    slice UInt32,
    piece UInt32,
    page UInt16,
    ones AggregateFunction(groupBitmap, UInt32),
    twos AggregateFunction(groupBitmap, UInt32),
    fours AggregateFunction(groupBitmap, UInt32),
    many AggregateFunction(groupBitmap, UInt32)
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, piece, page)
SETTINGS index_granularity = 256
COMMENT 'Staged by an attempt, seen by nobody else, dropped with its run'
