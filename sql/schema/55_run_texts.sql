-- The texts that satisfy tests of a slice.
CREATE TABLE IF NOT EXISTS run_texts
(
    run UUID,
    attempt UUID,
    slice UInt32,
    slot UInt32 COMMENT 'As in run_tests',
    text String COMMENT 'A text form that passes the test'
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, slot)
COMMENT 'Staged by an attempt, seen by nobody else, dropped with its run'
