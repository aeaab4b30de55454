-- The order of a shard: one row in one block, the only atomic act.
CREATE TABLE IF NOT EXISTS commits
(
    seq UInt64 COMMENT '1, 2, 3 ..',
    epoch UInt64 COMMENT 'Of the fence under which it was written',
    batch UUID COMMENT 'Names the rows of membership_changes and evaluations that it makes valid',
    run UUID,
    attempt UUID,
    slice UInt32 COMMENT 'run, attempt and slice name the pages in run_results that it makes current',
    reason Enum8('change' = 1, 'time' = 2, 'definition' = 3, 'initial' = 4, 'deleted' = 5, 'merged' = 6, 'audit' = 7),
    as_of DateTime64(3, 'UTC') COMMENT 'Never below that of an earlier commit',
    read_seq UInt64 COMMENT 'The newest commit when the evaluation began to read',
    loaded Array(Tuple(account UInt64, bucket UInt16)) COMMENT 'Units whose bulk load ended here',
    committed_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY seq
SETTINGS index_granularity = 64
COMMENT 'The order of a shard'
