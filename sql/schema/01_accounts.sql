-- The accounts of a store; the same rows on every shard.
CREATE TABLE IF NOT EXISTS accounts
(
    account UInt64 COMMENT 'sipHash64(account_key); a clash of two keys is refused when first seen',
    account_key String COMMENT 'The user''s own name of the account',
    buckets UInt16 COMMENT 'Parts of the account, 1 for nearly all; bucket = sipHash64(external_id) % buckets; written once',
    version UInt64 COMMENT 'Unix milliseconds of the writing; the greatest wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY account
COMMENT 'The accounts of a store; the same rows on every shard'
