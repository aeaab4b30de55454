-- Current members; segment 0 is the universe of live profiles.
-- Pages stand first for those who ask for a profile's segments; granules are small, so that one segment of many is read alone.
CREATE TABLE IF NOT EXISTS membership
(
    account UInt64,
    bucket UInt16,
    page UInt16 COMMENT 'profile_no >> 16',
    segment UInt64,
    version UInt64,
    members AggregateFunction(groupBitmap, UInt32) COMMENT 'profile_no of the members in this page',
    seq UInt64 COMMENT 'The commit that it includes; the greatest wins'
)
ENGINE = ReplacingMergeTree(seq)
ORDER BY (account, bucket, page, segment)
SETTINGS index_granularity = 8
COMMENT 'Current members, derived from commits'
