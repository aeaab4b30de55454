-- peers_members: what a peer's form found
CREATE OR REPLACE TABLE bench_peers.members
(
    form LowCardinality(String),
    segment UInt64,
    bucket UInt16,
    profile_no UInt32
)
ENGINE = MergeTree
ORDER BY (form, segment, bucket, profile_no)
