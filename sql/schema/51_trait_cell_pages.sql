-- Cells: the traits of large units, by key and value. Profiles whose values one look can judge are one bitmap a page.
CREATE TABLE IF NOT EXISTS trait_cell_pages
(
    account UInt64,
    bucket UInt16,
    trait LowCardinality(String) COMMENT 'As in traits',
    build UInt64 COMMENT 'Which building of the cells: that in trait_summaries counts',
    cell UInt64 COMMENT 'Hash of the trait and of what the members of the cell share',
    page UInt16 COMMENT 'profile_no >> 16',
    profiles AggregateFunction(groupBitmap, UInt32) COMMENT 'The members',
    axis Enum8('none' = 0, 'number' = 1, 'time' = 2, 'day' = 3, 'set' = 4, 'point' = 5)
        COMMENT 'In what the members differ: in nothing that a test can see, number, time_ms, day, set_ms, or place',
    kind Enum8('absent' = 0, 'text' = 1, 'digits' = 2, 'number' = 3, 'bool' = 4, 'time' = 5, 'date' = 6, 'list' = 7, 'point' = 8)
        COMMENT 'As in traits, like the six columns below; of some member where they differ',
    text String,
    number Float64,
    time_ms Int64,
    day Int32,
    items Array(String) COMMENT 'One item: a list is in the cell of each of its items; empty: of an empty list',
    latitude Float64 COMMENT 'Of the middle of the cell, degrees',
    longitude Float64 COMMENT 'Of the middle of the cell, degrees',
    radius_m Float64 COMMENT 'From the middle to the farthest member',
    least Int64 COMMENT 'Along time, day or set',
    greatest Int64 COMMENT 'Along time, day or set',
    number_least Float64 COMMENT 'Along number',
    number_greatest Float64 COMMENT 'Along number',
    members Array(UInt32) COMMENT 'profile_no of the members where they differ, else empty; parallel to the arrays below',
    wholes Array(Int64) COMMENT 'Where on time, day or set',
    numbers Array(Float64) COMMENT 'Where on number',
    latitudes Array(Float64) COMMENT 'Degrees',
    longitudes Array(Float64) COMMENT 'Degrees'
)
ENGINE = ReplacingMergeTree
ORDER BY (account, bucket, trait, build, cell, page)
SETTINGS index_granularity = 256
COMMENT 'Profiles of cells, page by page'
