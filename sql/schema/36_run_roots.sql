-- Rules of a slice: which slot is which segment of which unit.
CREATE TABLE IF NOT EXISTS run_roots
(
    run UUID,
    attempt UUID,
    slice UInt32,
    account UInt64,
    bucket UInt16,
    segment UInt64 COMMENT '0: the universe',
    version UInt64,
    slot UInt32
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, slot)
COMMENT 'Rules of a slice: which slot is which segment of which unit'
