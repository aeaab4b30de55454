-- Which shard holds a lane; the same rows on every shard; written when the store is made.
CREATE TABLE IF NOT EXISTS lanes
(
    lane UInt16 COMMENT 'sipHash64(account_key / bucket) % number of lanes',
    shard LowCardinality(String) COMMENT 'Name of the shard that holds the units of the lane',
    version UInt64 COMMENT 'The greatest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY lane
COMMENT 'Which shard holds a lane; fixed when the store is made'
