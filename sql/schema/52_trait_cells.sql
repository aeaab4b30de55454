-- What a test has to know of a cell: whether all of its members pass, some, or none.
CREATE TABLE IF NOT EXISTS trait_cells
(
    account UInt64,
    bucket UInt16,
    trait LowCardinality(String) COMMENT 'As in trait_cell_pages, like all columns below',
    build UInt64,
    cell UInt64,
    axis Enum8('none' = 0, 'number' = 1, 'time' = 2, 'day' = 3, 'set' = 4, 'point' = 5),
    kind Enum8('absent' = 0, 'text' = 1, 'digits' = 2, 'number' = 3, 'bool' = 4, 'time' = 5, 'date' = 6, 'list' = 7, 'point' = 8),
    text String,
    number Float64,
    time_ms Int64,
    day Int32,
    items Array(String),
    latitude Float64,
    longitude Float64,
    radius_m Float64,
    least Int64,
    greatest Int64 COMMENT 'Along time, day or set',
    number_least Float64 COMMENT 'Along number',
    number_greatest Float64 COMMENT 'Along number'
)
ENGINE = ReplacingMergeTree
ORDER BY (account, bucket, trait, build, cell)
SETTINGS index_granularity = 1024
COMMENT 'Cells of traits, over all pages'
