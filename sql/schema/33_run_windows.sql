-- Rules of a slice: distinct windows of sources.
CREATE TABLE IF NOT EXISTS run_windows
(
    run UUID,
    attempt UUID,
    slice UInt32,
    form Enum8('aggregate' = 1, 'days' = 2, 'edge' = 3, 'regular' = 4, 'sequence' = 5, 'any' = 6, 'piece' = 7, 'count' = 8, 'stretches' = 9, 'follows' = 10),
    window UInt32 COMMENT 'Number within the slice',
    source UInt32,
    account UInt64 COMMENT 'With bucket, metric and rank: whose events the window looks at, if its source has no conditions',
    bucket UInt16,
    metric LowCardinality(String) COMMENT 'A row for each metric of the source; empty: the events are staged in run_events',
    rank UInt16 COMMENT 'As in run_sources',
    step UInt8 COMMENT 'Of a sequence: from 1; of an edge: 1 for all events, 2 for those that satisfy its condition',
    from_ms Int64 COMMENT 'Included',
    to_ms Int64 COMMENT 'Excluded',
    from_day Int32 COMMENT 'First UTC day that lies in the window whole; for a piece and for follows: that it touches',
    to_day Int32 COMMENT 'The UTC day after the last such day',
    every_ms Int64 COMMENT 'Length of a period of regular and of a stretch, span of a sequence and of follows',
    steps UInt8 COMMENT 'Of a sequence: how many',
    latest UInt8 COMMENT 'Of an edge: 1 latest, 0 earliest',
    zone_from Array(Int64) COMMENT 'Unix milliseconds from which an offset holds',
    zone_offset Array(Int64) COMMENT 'Milliseconds that make an instant local',
    last_ms Int64 COMMENT 'Of stretches: the last millisecond of the newest one, from which they are counted back',
    cut_days Array(UInt16) COMMENT 'Of stretches: the UTC days that do not lie in one of them whole',
    candidates UInt32 COMMENT 'Slot of those who can pass at all (of a window of steps, all slots together); 0: not known'
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, form, source, window)
COMMENT 'Rules of a slice: distinct windows of sources'
