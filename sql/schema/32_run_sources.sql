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
    form Enum8('all' = 1, 'filtered' = 2, 'combined' = 3, 'valued' = 4, 'numbers' = 5, 'amounts' = 6)
        COMMENT 'all: all events of the metric; filtered: those that have a property (or value) as its one test in run_tests demands; combined: those that its tests choose; valued: those that chosen_by chooses, with the property that its test names; numbers: all that have a number as the property that its test names; amounts: those whose text satisfies its one condition, with the number beside it in event_amounts',
    based UInt8 COMMENT 'Of a combined source, 1: no condition demands a property, so events without any count too',
    wheres UInt16 COMMENT 'Of a combined source: number of conditions that must hold',
    chosen_by UInt32 COMMENT 'Of a valued source: the source that chooses its events; else 0',
    reach_from_ms Int64 COMMENT 'What windows look at begins here, Unix milliseconds',
    reach_to_ms Int64 COMMENT 'And ends before this'
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, form, account, bucket, metric, source)
COMMENT 'Rules of a slice: which events a criterion looks at'
