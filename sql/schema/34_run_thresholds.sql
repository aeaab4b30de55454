-- Rules of a slice: what an aggregate over a window has to reach.
CREATE TABLE IF NOT EXISTS run_thresholds
(
    run UUID,
    attempt UUID,
    slice UInt32,
    window UInt32,
    slot UInt32 COMMENT 'Of the criterion',
    op Enum8('count' = 1, 'sum' = 2, 'negative_sum' = 3, 'average' = 4, 'days' = 7, 'edge' = 8, 'regular' = 9, 'sequence' = 10, 'any' = 11, 'planes' = 12, 'stretches' = 13, 'follows' = 14),
    at_least UInt64 COMMENT 'Of counts, days and periods',
    amount String COMMENT 'Bound of sums and averages in billionths, as a whole number in digits',
    bounded UInt8 COMMENT 'Of an average, 0: that there is one is enough',
    above UInt8 COMMENT 'Of an average, 1: it has to be above the bound',
    count_from UInt64 COMMENT 'Of regular: events in a period, included',
    count_below UInt64 COMMENT 'Excluded',
    outside UInt8 COMMENT 'Of regular, 1: periods with events whose count is outside'
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, window, slot)
COMMENT 'Rules of a slice: what an aggregate over a window has to reach'
