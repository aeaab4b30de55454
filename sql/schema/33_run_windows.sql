-- Rules of a slice: distinct windows of sources.
CREATE TABLE IF NOT EXISTS run_windows
(
    run UUID,
    attempt UUID,
    slice UInt32,
    form Enum8('aggregate' = 1, 'days' = 2, 'edge' = 3, 'regular' = 4, 'sequence' = 5, 'any' = 6, 'piece' = 7, 'count' = 8),
    window UInt32 COMMENT 'Number within the slice',
    source UInt32,
    step UInt8 COMMENT 'Of a sequence: from 1',
    from_ms Int64 COMMENT 'Included',
    to_ms Int64 COMMENT 'Excluded',
    from_day Int32 COMMENT 'First UTC day that lies in the window whole; for a piece: that it touches',
    to_day Int32 COMMENT 'The UTC day after the last such day',
    every_ms Int64 COMMENT 'Length of a period of regular, span of a sequence',
    steps UInt8 COMMENT 'Of a sequence: how many',
    latest UInt8 COMMENT 'Of an edge: 1 latest, 0 earliest',
    zone_from Array(Int64) COMMENT 'Unix milliseconds from which an offset holds',
    zone_offset Array(Int64) COMMENT 'Milliseconds that make an instant local'
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, form, source, window)
COMMENT 'Rules of a slice: distinct windows of sources'
