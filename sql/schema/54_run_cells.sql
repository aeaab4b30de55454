-- The cells that pass tests of a slice, whole or in part.
CREATE TABLE IF NOT EXISTS run_cells
(
    run UUID,
    attempt UUID,
    slice UInt32,
    cut UInt8 COMMENT '0: all members pass; 1: each member has to be looked at',
    account UInt64,
    bucket UInt16,
    trait LowCardinality(String),
    build UInt64,
    cell UInt64,
    slot UInt32 COMMENT 'Of the criterion',
    axis Enum8('none' = 0, 'number' = 1, 'time' = 2, 'day' = 3, 'set' = 4, 'point' = 5) COMMENT 'Along which the test cuts',
    least Int64 COMMENT 'What passes, of time, day or set: included',
    below Int64 COMMENT 'Excluded',
    number_from Float64 COMMENT 'What passes, of numbers: included; for points the latitude',
    number_below Float64 COMMENT 'Excluded; for points the longitude',
    radius_m Float64
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, cut, account, bucket, trait, build, cell)
COMMENT 'Staged by an attempt, seen by nobody else, dropped with its run'
