-- Rules of a slice: tests of traits and of event properties.
CREATE TABLE IF NOT EXISTS run_tests
(
    run UUID,
    attempt UUID,
    slice UInt32,
    role Enum8('trait' = 1, 'text' = 2, 'near' = 3, 'sample' = 4, 'where' = 5, 'unless' = 6, 'value' = 9, 'free' = 0)
        COMMENT 'trait, text, near, sample: the criterion itself, text if it asks for one of some texts, free if trait_texts serve it; where, unless: a condition of a source; value: what is aggregated',
    slot UInt32 COMMENT 'Of the criterion, or number of the source',
    form Enum8('none' = 0, 'all' = 1, 'filtered' = 2, 'combined' = 3, 'valued' = 4, 'numbers' = 5, 'amounts' = 6)
        COMMENT 'Of the source, as in run_sources; none: the test is a criterion itself',
    account UInt64,
    bucket UInt16,
    metric LowCardinality(String) COMMENT 'For conditions, else empty',
    key LowCardinality(String) COMMENT 'Trait or property',
    build UInt64 COMMENT 'Of a trait: the cells or free texts that serve the test; 0: none do',
    op Enum8('exists' = 1, 'number' = 2, 'text' = 3, 'contains' = 4, 'starts' = 5, 'ends' = 6, 'match' = 7, 'time' = 8, 'anniversary' = 9, 'item' = 10),
    ignore_case UInt8,
    text String COMMENT 'A part, a pattern, an item, or the salt of a sample',
    texts Array(String) COMMENT 'Text forms, of which the value must be one',
    number_from Float64 COMMENT 'Included; latitude for near; share for sample',
    number_below Float64 COMMENT 'Excluded; longitude for near',
    radius_m Float64,
    from_ms Int64 COMMENT 'Of a time: included',
    to_ms Int64 COMMENT 'Of a time: excluded',
    from_day Int32 COMMENT 'Of a date: included',
    to_day Int32 COMMENT 'Of a date: excluded',
    set_from_ms Int64 COMMENT 'When the trait was set: included',
    set_to_ms Int64 COMMENT 'When the trait was set: excluded',
    month_days Array(UInt16) COMMENT 'Of an anniversary: month * 100 + day',
    zone_from Array(Int64) COMMENT 'Unix milliseconds from which an offset holds',
    zone_offset Array(Int64) COMMENT 'Milliseconds that make an instant local'
)
ENGINE = MergeTree
PARTITION BY run
ORDER BY (attempt, slice, role, account, bucket, metric, key)
COMMENT 'Rules of a slice: tests of traits and of event properties'
