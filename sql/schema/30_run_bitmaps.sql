-- Truth of criteria and nodes while a slice is evaluated; a page holds 65,536 profiles, and a slot has one row a page.
CREATE TABLE IF NOT EXISTS run_bitmaps
(
    run UUID,
    attempt UUID,
    slice UInt32,
    slot UInt32 COMMENT 'Number of a criterion, a node or the universe of a unit within the slice',
    page UInt16 COMMENT 'profile_no >> 16',
    truth AggregateFunction(groupBitmap, UInt32)
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, slot, page)
SETTINGS index_granularity = 256
COMMENT 'Staged by an attempt, seen by nobody else, dropped with its run'
