-- Rules of a slice: which events a criterion looks at.
CREATE TABLE IF NOT EXISTS run_sources
(
    run UUID,
    attempt UUID,
    slice UInt32,
    source UInt32 COMMENT 'Number within the slice',
    account UInt64,
    bucket UInt16,
    metric LowCardinality(String) COMMENT 'A source of every metric has a row for each',
    rank UInt16 COMMENT 'Place of the metric among those of the source: decides between events of one instant and id',
    filtered UInt8 COMMENT '0: all events of the metric; 1: those that the conditions in run_tests choose',
    single UInt8 COMMENT 'Of a filtered source, 1: one condition (or value) demands a property, and nothing else is asked',
    based UInt8 COMMENT 'Of a filtered source, 1: no condition demands a property, so events without any count too',
    wheres UInt16 COMMENT 'Number of conditions that must hold',
    has UInt16 COMMENT 'Number of conditions that an edge event must satisfy'
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, filtered, account, bucket, metric, source)
COMMENT 'Rules of a slice: which events a criterion looks at'
