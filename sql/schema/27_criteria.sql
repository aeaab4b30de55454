-- Canonical criteria, shared within an account.
CREATE TABLE IF NOT EXISTS criteria
(
    account UInt64,
    criterion UInt64 COMMENT 'Hash of the form',
    form String COMMENT 'Canonical form: segment_rules::canonical::Criterion as JSON'
)
ENGINE = ReplacingMergeTree
ORDER BY (account, criterion)
SETTINGS index_granularity = 256
COMMENT 'Canonical criteria, shared within an account'
