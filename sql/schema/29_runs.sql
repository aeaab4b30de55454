-- What an evaluation has to do; read by run id.
CREATE TABLE IF NOT EXISTS runs
(
    run UUID,
    account UInt64,
    segment UInt64,
    version UInt64 COMMENT 'The definition version that is to be evaluated',
    root UInt64 COMMENT 'Its node',
    at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
ORDER BY (run, account, segment)
COMMENT 'Segments to evaluate, by run'
