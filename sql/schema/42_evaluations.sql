-- What came of the segments of a run; valid when its batch is committed, or when it failed. The batch is in the key: what
-- an attempt that was overtaken writes late must not take the place of what its successor committed under the same seq.
CREATE TABLE IF NOT EXISTS evaluations
(
    run UUID,
    account UInt64,
    bucket UInt16,
    segment UInt64,
    version UInt64,
    mode LowCardinality(String) COMMENT 'manual, load ..',
    as_of DateTime64(3, 'UTC'),
    members UInt64,
    entered UInt64,
    exited UInt64,
    duration_ms UInt64 COMMENT 'Of the slice',
    outcome Enum8('committed' = 1, 'superseded' = 2, 'failed' = 3) COMMENT 'superseded: a newer version was published meanwhile',
    error String COMMENT 'The server''s reason, when it failed',
    batch UUID COMMENT 'Of the commit',
    seq UInt64 COMMENT 'Of the commit; 0 when it failed'
)
ENGINE = ReplacingMergeTree(seq)
ORDER BY (run, account, bucket, segment, batch)
COMMENT 'What came of the segments of a run'
