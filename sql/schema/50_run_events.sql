-- The events of a slice's sources that have conditions.
CREATE TABLE IF NOT EXISTS run_events
(
    run UUID,
    attempt UUID,
    slice UInt32,
    source UInt32,
    metric LowCardinality(String),
    rank UInt16 COMMENT 'As in run_sources',
    profile_no UInt32,
    ms Int64 COMMENT 'Unix milliseconds',
    event UInt64,
    number Float64 COMMENT 'Of the property that is aggregated',
    amount Nullable(Int128) COMMENT 'The same in billionths'
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, source)
COMMENT 'Staged by an attempt, seen by nobody else, dropped with its run'
