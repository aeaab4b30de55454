-- Bulk loads: definitions whose evaluation began to read before are due again in the unit.
CREATE TABLE IF NOT EXISTS unit_loads
(
    account UInt64,
    bucket UInt16,
    seq UInt64 COMMENT 'The commit that ended the load; the greatest wins'
)
ENGINE = ReplacingMergeTree(seq)
ORDER BY (account, bucket)
COMMENT 'The last bulk load of a unit'
