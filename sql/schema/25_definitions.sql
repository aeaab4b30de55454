-- Versions of what segments mean.
CREATE TABLE IF NOT EXISTS definitions
(
    account UInt64,
    segment UInt64 COMMENT 'sipHash64(namespace/name); never 0',
    version UInt64 COMMENT 'Given at publication: max(unix ms, greatest seen + 1)',
    name String COMMENT 'namespace/name',
    hash UInt128 COMMENT 'Of the compiled definition with all that it refers to',
    root UInt64 COMMENT 'Its node',
    true_on_empty UInt8 COMMENT '1: true of a profile without any data',
    state Enum8('active' = 1, 'suspended' = 2, 'retired' = 3)
)
ENGINE = ReplacingMergeTree
ORDER BY (account, segment, version)
SETTINGS index_granularity = 256
COMMENT 'Versions of what segments mean; the greatest version is the newest'
