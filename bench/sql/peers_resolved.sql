-- peers_resolved: Dittofeed's second table, the truth of each node of a segment for each user
CREATE OR REPLACE TABLE bench_peers.resolved
(
    segment UInt64,
    node UInt8,
    bucket UInt16,
    profile_no UInt32,
    value UInt8
)
ENGINE = ReplacingMergeTree
ORDER BY (segment, bucket, profile_no, node)
