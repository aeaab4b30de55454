-- peers_state: Dittofeed's first table, the state of each node of a segment for each user
CREATE OR REPLACE TABLE bench_peers.state
(
    segment UInt64,
    node UInt8,
    bucket UInt16,
    profile_no UInt32,
    last_value AggregateFunction(argMax, String, DateTime64(3)),
    unique_count AggregateFunction(uniq, String),
    amount AggregateFunction(sum, Int128)
)
ENGINE = AggregatingMergeTree
ORDER BY (segment, node, bucket, profile_no)
